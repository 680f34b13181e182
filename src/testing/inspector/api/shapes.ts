import type { Mailbox } from '../../../transport/contract.ts';
import type { FaultHandle } from '../../simulator/faults/fault-book.ts';
import type { JournalEntry } from '../../simulator/http/journal.ts';
import { headersOf } from '../../simulator/mime/compose.ts';
import { type ExtendedProperty, keyOfPath } from '../../simulator/store/extended-property.ts';
import type { SimulatedFolder } from '../../simulator/store/folder.ts';
import type { SimulatedItem } from '../../simulator/store/item.ts';
import type { SimulatedMailbox } from '../../simulator/store/mailbox.ts';

const time = (at: Date | undefined): string | null => at?.toISOString() ?? null;

function folderShape(folder: SimulatedFolder): object {
  const { id, label, displayName, parent, folderClass, size, unread } = folder;
  return { id, name: label, displayName, parentId: parent?.id ?? null, folderClass, total: size, unread };
}

export function mailboxShape({ address, name, aliases, location, folders }: SimulatedMailbox): object {
  return { address, name, aliases, location: location ?? null, folders: folders.map(folderShape) };
}

export function summaryShape(item: SimulatedItem): object {
  const { id, changeKey, mailbox, folder, folderId, kind, itemClass, subject, isRead, isDraft } = item;
  return {
    ...{ id, changeKey, mailbox, folder, folderId, kind, itemClass, subject },
    from: item.from === undefined ? null : addressShape(item.from),
    to: item.to.map(addressShape),
    createdAt: time(item.createdAt),
    sentAt: time(item.sentAt),
    receivedAt: time(item.receivedAt),
    ...{ isRead, isDraft, hasAttachments: item.attachments.length > 0 },
  };
}

export function itemShape(item: SimulatedItem): object {
  const { importance, sensitivity, internetMessageId, body, fields = new Map<string, string>() } = item.content;
  return {
    ...summaryShape(item),
    cc: item.cc.map(addressShape),
    bcc: item.bcc.map(addressShape),
    ...{ importance, sensitivity, internetMessageId, body: { type: body.type, content: body.content } },
    attachments: item.attachments.map(({ id, name, contentType, isInline, content = '' }) => ({
      ...{ id, name, contentType: contentType ?? null, isInline },
      size: Math.floor((content.replace(/[\s=]/g, '').length * 3) / 4),
    })),
    properties: item.properties.map(propertyShape),
    fields: Object.fromEntries(fields),
    headers: headersOf(item).map(([name, value]) => ({ name, value })),
  };
}

export function entryShape(entry: JournalEntry): object {
  const { number, at, operation, path, itemCount, outcome, responseCodes } = entry;
  return {
    ...{ number, at: time(at), operation, path },
    clientRequestId: entry.clientRequestId ?? null,
    mailbox: entry.mailbox ?? null,
    ...{ itemCount, outcome },
    status: entry.status ?? null,
    responseCode: entry.responseCode ?? null,
    responseCodes,
    fault: entry.fault ?? null,
    problem: entry.problem ?? null,
  };
}

/** A predicate of the test is no data: it is left out. */
export function faultShape(id: number, { selector, fault, hits }: FaultHandle): object {
  const { when: _when, ...rest } = selector;
  return { id, selector: rest, fault, hits };
}

function addressShape({ address, name }: Mailbox): object {
  return name === undefined ? { address } : { address, name };
}

function propertyShape({ path, value }: ExtendedProperty): object {
  const name = path.tag === undefined ? keyOfPath(path) : `0x${path.tag.toString(16).padStart(4, '0')}`;
  return { name, type: path.type, values: typeof value === 'string' ? [value] : value };
}
