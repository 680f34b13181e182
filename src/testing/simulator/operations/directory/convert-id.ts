import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child } from '../../../../ews/xml/read.ts';
import { escapeAttribute } from '../../../../ews/xml/write.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { answerEach, type Operation } from '../operation.ts';

const formats: ReadonlySet<string> = new Set(['EwsLegacyId', 'EwsId', 'EntryId', 'HexEntryId', 'StoreId', 'OwaId']);

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/convertid-operation */
export const convertId: Operation = {
  count: (request) => child(request, messagesNs, 'SourceIds')?.children.length ?? 0,
  run(request, context) {
    const destination = request.attributes.get('DestinationFormat') ?? '';
    if (!formats.has(destination)) throw schemaFault(`the 'DestinationFormat' attribute is invalid: '${destination}'.`);
    const sources = child(request, messagesNs, 'SourceIds')?.children ?? [];
    if (sources.length === 0) throw schemaFault("the element 'SourceIds' has incomplete content.");
    return answerEach(sources, context, '', (source) => {
      const format = source.attributes.get('Format') ?? '';
      if (source.ns !== typesNs || source.name !== 'AlternateId' || !formats.has(format)) {
        throw new EwsItemError('ErrorInvalidIdMalformed', 'Only AlternateId elements are converted.');
      }
      const id = toEws(source.attributes.get('Id') ?? '', format);
      const { items, folders } = context.exchange.registry;
      const owner = items.get(id)?.mailbox ?? folders.get(id)?.mailbox;
      if (owner === undefined && !known(id)) throw new EwsItemError('ErrorCorruptData', 'The id is not one of this server.');
      // Whatever mailbox the client named: DavMail asks for a made-up one to learn its own.
      const mailbox = owner ?? context.acting?.address ?? source.attributes.get('Mailbox') ?? '';
      const converted = escapeAttribute(fromEws(id, destination));
      const attributes = `xsi:type="t:AlternateIdType" Format="${destination}" Id="${converted}" Mailbox="${escapeAttribute(mailbox)}"`;
      return `<m:AlternateId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ${attributes}/>`;
    });
  },
};

/** Ids that look like Exchange's are converted although nothing has them: DavMail asks for one at its login. */
const known = (id: string): boolean => /^AAM[kQ][\w+/=-]{8,}$/.test(id);

function toEws(id: string, format: string): string {
  try {
    if (format === 'HexEntryId')
      return (id.match(/../g) ?? []).map((hex) => String.fromCharCode(Number.parseInt(hex, 16))).join('');
    if (format === 'EntryId' || format === 'StoreId') return atob(id);
    return format === 'OwaId' ? decodeURIComponent(id) : id;
  } catch {
    throw new EwsItemError('ErrorInvalidIdMalformed', 'The id is malformed.');
  }
}

function fromEws(id: string, format: string): string {
  if (format === 'HexEntryId')
    return Array.from(id, (c) => c.charCodeAt(0).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
  if (format === 'EntryId' || format === 'StoreId') return btoa(id);
  return format === 'OwaId' ? encodeURIComponent(id) : id;
}
