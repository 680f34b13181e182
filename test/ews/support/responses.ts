/** Responses of an EWS server, as text, with prefixes unlike ours. */
const typesNs = 'http://schemas.microsoft.com/exchange/services/2006/types';
const messagesNs = 'http://schemas.microsoft.com/exchange/services/2006/messages';
const errorsNs = 'http://schemas.microsoft.com/exchange/services/2006/errors';
const soapNs = 'http://schemas.xmlsoap.org/soap/envelope/';

export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><soap11:Envelope xmlns:soap11="${soapNs}" xmlns:ty="${typesNs}" xmlns:me="${messagesNs}"><soap11:Header><ty:ServerVersionInfo MajorVersion="15"/></soap11:Header><soap11:Body>${body}</soap11:Body></soap11:Envelope>`;
}

export const ok = 'NoError';

export interface MessageOptions {
  readonly responseClass?: string;
  readonly values?: Readonly<Record<string, string>>;
  readonly content?: string;
}

export function message(operation: string, code: string, options: MessageOptions = {}): string {
  const { responseClass = code === ok ? 'Success' : 'Error', values = {}, content = '<me:Items/>' } = options;
  const xml = Object.entries(values).map(([name, value]) => `<ty:Value Name="${name}">${value}</ty:Value>`);
  const messageXml =
    xml.length === 0 ? '' : `<me:DescriptiveLinkKey>0</me:DescriptiveLinkKey><me:MessageXml>${xml.join('')}</me:MessageXml>`;
  return `<me:${operation}ResponseMessage ResponseClass="${responseClass}"><me:ResponseCode>${code}</me:ResponseCode>${messageXml}${content}</me:${operation}ResponseMessage>`;
}

export function response(operation: string, messages: readonly string[]): string {
  return envelope(
    `<me:${operation}Response><me:ResponseMessages>${messages.join('')}</me:ResponseMessages></me:${operation}Response>`,
  );
}

export function created(...codes: string[]): string {
  return response(
    'CreateItem',
    codes.map((code) => message('CreateItem', code)),
  );
}

/** A FindFolder response: the folders with these ids. */
export function foundFolders(...ids: readonly string[]): string {
  const xml = ids.map((id) => `<ty:Folder><ty:FolderId Id="${id}" ChangeKey="ck"/></ty:Folder>`).join('');
  const root = `<me:RootFolder IncludesLastItemInRange="true"><ty:Folders>${xml}</ty:Folders></me:RootFolder>`;
  return response('FindFolder', [message('FindFolder', ok, { content: root })]);
}

/** A CreateFolder response: the folder that was created, or a code. */
export function createdFolder(id: string | undefined, code = ok): string {
  const xml = id === undefined ? '' : `<ty:Folder><ty:FolderId Id="${id}" ChangeKey="ck"/></ty:Folder>`;
  return response('CreateFolder', [message('CreateFolder', code, { content: `<me:Folders>${xml}</me:Folders>` })]);
}

export interface Item {
  readonly tag: string;
  /** '' for an item that the server shows without one. */
  readonly id?: string;
  readonly flags?: number;
  readonly isDraft?: boolean;
  readonly created?: string;
  readonly element?: string;
}

const propertySet = /PropertySetId="([^"]+)"/;

/** A FindItem response, folder by folder: items, or a code; `request` provides the property of the tag. */
export function found(request: string, folders: readonly (readonly Item[] | string)[], last = true): string {
  const guid = propertySet.exec(request)?.[1]?.toUpperCase() ?? '';
  return response(
    'FindItem',
    folders.map((items) => {
      if (typeof items === 'string') return message('FindItem', items, { content: '' });
      const xml = items.map((item) => itemXml(item, guid)).join('');
      const attributes = `IndexedPagingOffset="${items.length}" TotalItemsInView="${items.length}" IncludesLastItemInRange="${last}"`;
      return message('FindItem', ok, { content: `<me:RootFolder ${attributes}><ty:Items>${xml}</ty:Items></me:RootFolder>` });
    }),
  );
}

function itemXml(item: Item, guid: string): string {
  const { element = 'Message', isDraft, created: at, flags } = item;
  return (
    `<ty:${element}>` +
    (item.id === '' ? '' : `<ty:ItemId Id="${item.id ?? `id-${item.tag}`}" ChangeKey="ck"/>`) +
    (isDraft === undefined ? '' : `<ty:IsDraft>${isDraft}</ty:IsDraft>`) +
    (at === undefined ? '' : `<ty:DateTimeCreated>${at}</ty:DateTimeCreated>`) +
    `<ty:ExtendedProperty><ty:ExtendedFieldURI PropertySetId="${guid}" PropertyName="OfflineImTag" PropertyType="String"/><ty:Value>${item.tag}</ty:Value></ty:ExtendedProperty>` +
    (flags === undefined
      ? ''
      : `<ty:ExtendedProperty><ty:ExtendedFieldURI PropertyTag="0xe07" PropertyType="Integer"/><ty:Value>${flags}</ty:Value></ty:ExtendedProperty>`) +
    `</ty:${element}>`
  );
}

export function fault(code: string, values: Readonly<Record<string, string>> = {}): string {
  const xml = Object.entries(values).map(([name, value]) => `<t:Value Name="${name}">${value}</t:Value>`);
  const messageXml = xml.length === 0 ? '' : `<t:MessageXml xmlns:t="${typesNs}">${xml.join('')}</t:MessageXml>`;
  return envelope(
    `<soap11:Fault><faultcode xmlns:a="${typesNs}">a:${code}</faultcode><faultstring>No.</faultstring><detail><e:ResponseCode xmlns:e="${errorsNs}">${code}</e:ResponseCode>${messageXml}</detail></soap11:Fault>`,
  );
}
