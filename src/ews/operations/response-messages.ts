import { asCode } from '../outcome/response-codes.ts';
import { messagesNs } from '../xml/namespaces.ts';
import { childrenOf, type XmlElement } from '../xml/read.ts';

/** One response message: the server's answer about one item or folder of a request. */
export interface ResponseMessage {
  /** Class Success, and code NoError or none: the schema makes the code optional. A warning is not a success. */
  readonly ok: boolean;
  /** Success, Warning or Error. */
  readonly responseClass: string;
  /** '' when there is none that looks like one, or two that differ. */
  readonly responseCode: string;
  readonly element: XmlElement;
}

/** The response messages of an operation, in order; undefined when this is the answer to something else. */
export function responseMessages(payload: XmlElement, operation: string): readonly ResponseMessage[] | undefined {
  if (payload.ns !== messagesNs || payload.name !== `${operation}Response`) return undefined;
  const lists = childrenOf(payload, messagesNs, 'ResponseMessages');
  if (lists.length !== 1) return undefined;
  return lists[0]?.children.map((element) => responseMessage(element, `${operation}ResponseMessage`));
}

function responseMessage(element: XmlElement, name: string): ResponseMessage {
  const codes = childrenOf(element, messagesNs, 'ResponseCode').map(({ text }) => asCode(text));
  const [responseCode = ''] = new Set(codes).size > 1 ? [] : codes;
  // What isn't the message of this operation says nothing about it, whatever class it has.
  const known = element.ns === messagesNs && element.name === name;
  const responseClass = known ? (element.attributes.get('ResponseClass')?.trim() ?? '') : '';
  const ok = responseClass === 'Success' && (codes.length === 0 || responseCode === 'NoError');
  return { ok, responseClass, responseCode, element };
}
