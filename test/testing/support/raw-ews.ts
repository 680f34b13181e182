/** A bare EWS client for tests of the simulator: literal XML, and every body on both sides checked against Microsoft's schema. */
import { messagesNs, soapNs, typesNs } from '../../../src/ews/xml/namespaces.ts';
import { child, childrenOf, descendant, parseXml, textOf, type XmlElement } from '../../../src/ews/xml/read.ts';
import { escapeText } from '../../../src/ews/xml/write.ts';
import { validateBody } from '../../support/ews-schema.ts';

export const propertySet = '5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10';
export const missedClass = 'IM.Note.MissedConversation';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Response messages, in order; empty for anything but a proper response. */
  readonly messages: readonly XmlElement[];
  readonly codes: readonly (string | undefined)[];
  readonly fault: string | undefined;
}

export interface RawOptions {
  readonly as?: string;
  readonly password?: string;
  readonly version?: string;
  readonly header?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For deliberately invalid requests and responses. */
  readonly unchecked?: boolean;
}

export function envelope(body: string, version = 'Exchange2013_SP1', header = ''): string {
  return (
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="${soapNs}" xmlns:m="${messagesNs}" xmlns:t="${typesNs}">` +
    `<soap:Header><t:RequestServerVersion Version="${version}"/>${header}</soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`
  );
}

export async function post(url: string, xml: string, options: RawOptions = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      authorization: `Basic ${Buffer.from(`${options.as ?? 'alice@contoso.test'}:${options.password ?? 'secret'}`).toString('base64')}`,
      ...options.headers,
    },
    body: xml,
  });
}

export async function call(url: string, body: string, options: RawOptions = {}): Promise<RawAnswer> {
  const xml = envelope(body, options.version, options.header);
  if (!options.unchecked) expectValid('request', xml);
  const response = await post(url, xml, options);
  const text = await response.text();
  const isXml = /xml/.test(response.headers.get('content-type') ?? '');
  if (isXml && !options.unchecked) expectValid('response', text);
  const root = isXml ? tryParse(text) : undefined;
  const answer = child(root, soapNs, 'Body')?.children[0];
  const messages = answer?.ns === messagesNs ? (child(answer, messagesNs, 'ResponseMessages')?.children ?? []) : [];
  return {
    status: response.status,
    headers: response.headers,
    text,
    messages,
    codes: messages.map((m) => textOf(m, messagesNs, 'ResponseCode')),
    fault:
      answer?.name === 'Fault'
        ? descendant(answer, 'http://schemas.microsoft.com/exchange/services/2006/errors', 'ResponseCode')?.text
        : undefined,
  };
}

function tryParse(text: string): XmlElement | undefined {
  try {
    return parseXml(text);
  } catch {
    return undefined;
  }
}

function expectValid(what: string, xml: string): void {
  const errors = validateBody(xml);
  if (errors.length > 0) throw new Error(`the ${what} does not validate: ${errors.join('; ')}\n${xml}`);
}

export interface RawMessage {
  readonly subject?: string;
  readonly text?: string;
  readonly itemClass?: string;
  readonly tag?: string;
  readonly to?: readonly string[];
  readonly from?: string;
}

export function message(options: RawMessage = {}): string {
  const { subject = 'Hello', text = 'Are you there?', itemClass = missedClass, tag, to = ['bob@contoso.test'], from } = options;
  const property =
    tag === undefined ? '' : `<t:ExtendedProperty>${tagUri}<t:Value>${escapeText(tag)}</t:Value></t:ExtendedProperty>`;
  const recipients = to.map((a) => `<t:Mailbox><t:EmailAddress>${escapeText(a)}</t:EmailAddress></t:Mailbox>`).join('');
  return (
    `<t:Message><t:ItemClass>${itemClass}</t:ItemClass><t:Subject>${escapeText(subject)}</t:Subject>` +
    `<t:Body BodyType="Text">${escapeText(text)}</t:Body>${property}` +
    (to.length === 0 ? '' : `<t:ToRecipients>${recipients}</t:ToRecipients>`) +
    (from === undefined ? '' : `<t:From><t:Mailbox><t:EmailAddress>${from}</t:EmailAddress></t:Mailbox></t:From>`) +
    '</t:Message>'
  );
}

export const tagUri = `<t:ExtendedFieldURI PropertySetId="${propertySet}" PropertyName="OfflineImNote" PropertyType="String"/>`;
export const history = '<t:DistinguishedFolderId Id="conversationhistory"/>';

export function createItem(messages: readonly string[], folder: string = history, disposition = 'SendAndSaveCopy'): string {
  const saved = folder === '' ? '' : `<m:SavedItemFolderId>${folder}</m:SavedItemFolderId>`;
  return `<m:CreateItem MessageDisposition="${disposition}">${saved}<m:Items>${messages.join('')}</m:Items></m:CreateItem>`;
}

export function isTag(tag: string): string {
  return `<t:IsEqualTo>${tagUri}<t:FieldURIOrConstant><t:Constant Value="${escapeText(tag)}"/></t:FieldURIOrConstant></t:IsEqualTo>`;
}

export interface RawSearch {
  readonly folders?: readonly string[];
  readonly restriction?: string;
  readonly properties?: string;
  readonly base?: string;
  readonly view?: string;
  readonly sort?: string;
}

export function findItem(options: RawSearch = {}): string {
  const { folders = [history], restriction, properties, base = 'IdOnly', view = '', sort = '' } = options;
  const additional = properties === undefined ? '' : `<t:AdditionalProperties>${properties}</t:AdditionalProperties>`;
  return (
    `<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>${base}</t:BaseShape>${additional}</m:ItemShape>${view}` +
    (restriction === undefined ? '' : `<m:Restriction>${restriction}</m:Restriction>`) +
    `${sort}<m:ParentFolderIds>${folders.join('')}</m:ParentFolderIds></m:FindItem>`
  );
}

/** The items in a response message of FindItem or GetItem. */
export function itemsIn(m: XmlElement | undefined): readonly XmlElement[] {
  const root = child(m, messagesNs, 'RootFolder');
  return (root === undefined ? child(m, messagesNs, 'Items') : child(root, typesNs, 'Items'))?.children ?? [];
}

export { child, childrenOf, messagesNs, textOf, typesNs };
