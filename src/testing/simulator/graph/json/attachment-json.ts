import { field } from '../../../../graph/client/json.ts';
import type { MessageContent, SimulatedAttachment, SimulatedItem } from '../../store/item.ts';
import { GraphFault } from '../errors.ts';
import { readBoolean, readList, readText, refuseType } from './read-values.ts';

type Json = Readonly<Record<string, unknown>>;

/** An attachment as Graph writes it; a list leaves no content out either. https://learn.microsoft.com/graph/api/resources/attachment */
export function attachmentJson(attachment: SimulatedAttachment, item: SimulatedItem, select?: readonly string[]): Json {
  const { content, contentId } = attachment;
  const isFile = content !== undefined;
  const whole: Record<string, unknown> = {
    '@odata.type': isFile ? '#microsoft.graph.fileAttachment' : '#microsoft.graph.itemAttachment',
    id: attachment.id,
    lastModifiedDateTime: `${item.changedAt.toISOString().slice(0, 19)}Z`,
    name: attachment.name,
    contentType: attachment.contentType ?? null,
    size: Math.floor((content ?? '').replace(/[^A-Za-z0-9+/]/g, '').length * 0.75),
    isInline: attachment.isInline,
    ...(isFile ? { contentId: contentId ?? null, contentLocation: null, contentBytes: content.replace(/\s/g, '') } : {}),
  };
  if (select === undefined) return whole;
  const wanted = new Set(['@odata.type', 'id', ...select]);
  return Object.fromEntries(Object.entries(whole).filter(([name]) => wanted.has(name)));
}

/** The attachments of a message in a request; undefined when it says nothing of any. `readItem` reads a message that is attached. */
export function readAttachments(
  message: unknown,
  newId: () => string,
  readItem: (item: unknown) => MessageContent,
): readonly SimulatedAttachment[] | undefined {
  return readList(message, 'attachments')?.map((one) => readAttachment(one, newId, readItem));
}

const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** One attachment. Without its type, a server does not know what its properties are. */
export function readAttachment(
  given: unknown,
  newId: () => string,
  readItem: (item: unknown) => MessageContent,
): SimulatedAttachment {
  const text = (name: string): string | undefined => readText(given, name);
  const type = /[.#](\w+)$/.exec(text('@odata.type') ?? '')?.[1]?.toLowerCase();
  const name = text('name');
  const [contentType, contentId] = [text('contentType'), text('contentId')];
  const common = {
    id: newId(),
    name: name ?? '',
    isInline: readBoolean(given, 'isInline') ?? false,
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentId === undefined ? {} : { contentId }),
  };
  switch (type) {
    case 'fileattachment': {
      // Edm.Binary is base64url in OData's JSON, and clients write either.
      const bytes = (text('contentBytes') ?? refuseType('contentBytes')).replaceAll('-', '+').replaceAll('_', '/');
      if (!isBase64.test(bytes)) refuseType('contentBytes');
      if (name === undefined) throw new GraphFault('ErrorInvalidRequest', 400, 'An attachment needs a name.');
      return { ...common, content: bytes.padEnd(Math.ceil(bytes.length / 4) * 4, '=') };
    }
    case 'itemattachment':
      return { ...common, item: readItem(field(given, 'item')) };
    case 'referenceattachment':
      throw new GraphFault('NotImplemented', 501, 'Reference attachments are not simulated.');
    default:
      throw new GraphFault(
        'RequestBodyRead',
        400,
        "An attachment needs '@odata.type', such as '#microsoft.graph.fileAttachment'.",
      );
  }
}
