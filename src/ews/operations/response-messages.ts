import { messagesNs } from '../xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../xml/read.ts';

/** One response message: the server's answer about one item or folder of a request. */
export interface ResponseMessage {
  /** Class Success and code NoError. A warning is not a success. */
  readonly ok: boolean;
  /** Success, Warning or Error. */
  readonly responseClass: string;
  readonly responseCode: string;
  readonly element: XmlElement;
}

/** The response messages of an operation, in order; undefined when this is the answer to something else. */
export function responseMessages(payload: XmlElement, operation: string): readonly ResponseMessage[] | undefined {
  if (payload.ns !== messagesNs || payload.name !== `${operation}Response`) return undefined;
  return child(payload, messagesNs, 'ResponseMessages')?.children.map((element) => {
    const responseCode = textOf(element, messagesNs, 'ResponseCode')?.trim() ?? '';
    const responseClass = element.attributes.get('ResponseClass') ?? '';
    return { ok: responseClass === 'Success' && responseCode === 'NoError', responseClass, responseCode, element };
  });
}
