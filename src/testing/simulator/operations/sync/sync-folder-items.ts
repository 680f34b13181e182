import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf } from '../../../../ews/xml/read.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { readItemShape, writeItem } from '../../xml/item-shape.ts';
import { schemaFault } from '../../xml/soap-request.ts';
import { folderIdsIn, mailboxOf, resolveFolder } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { changedItems } from './changed-items.ts';
import { readSyncState, type SyncState, writeSyncState } from './sync-state.ts';

/** Changes of one answer at most. */
const most = 512;

interface Part {
  readonly changes: readonly string[];
  readonly state: SyncState;
  readonly last: boolean;
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderitems-operation */
export const syncFolderItems: Operation = {
  count: () => 1,
  run(request, context) {
    const shape = readItemShape(child(request, messagesNs, 'ItemShape'), 'FindItem');
    const id = folderIdsIn(child(request, messagesNs, 'SyncFolderId'), 'SyncFolderId')[0];
    const asked = Number(textOf(request, messagesNs, 'MaxChangesReturned') ?? '');
    if (!Number.isInteger(asked) || asked < 1 || asked > most) {
      throw schemaFault(`the element 'MaxChangesReturned' must be a number from 1 to ${most}.`);
    }
    const given = textOf(request, messagesNs, 'SyncState') ?? '';
    const ignored = new Set(child(request, messagesNs, 'Ignore')?.children.map((one) => one.attributes.get('Id')));
    return answerEach([id], context, '', (one) => {
      if (one === undefined) throw new EwsItemError('ErrorFolderNotFound');
      const folder = resolveFolder(one, context);
      const { seq } = context.exchange.registry;
      const state = given === '' ? { of: folder.id, seq, after: 0 } : readSyncState(given, folder.id);
      const write = (element: string, itemId: string): string => {
        if (ignored.has(itemId)) return '';
        const item = context.exchange.registry.items.get(itemId);
        return item === undefined ? '' : `<t:${element}>${writeItem(item, shape, context.exchange.profile)}</t:${element}>`;
      };
      const part =
        state.after === undefined
          ? laterPart(folder, state, asked, ignored, context, write)
          : firstPart(folder, state, asked, write);
      return (
        `<m:SyncState>${writeSyncState(part.state)}</m:SyncState>` +
        `<m:IncludesLastItemInRange>${part.last}</m:IncludesLastItemInRange><m:Changes>${part.changes.join('')}</m:Changes>`
      );
    });
  },
};

type Write = (element: string, itemId: string) => string;

/** The first pass: every item that was there when it began. */
function firstPart(folder: SimulatedFolder, state: SyncState, asked: number, write: Write): Part {
  const left = folder.items.filter(({ uid }) => uid > (state.after ?? 0) && uid <= state.seq).sort((a, b) => a.uid - b.uid);
  const part = left.slice(0, asked);
  const last = part.length === left.length;
  const { of, seq } = state;
  return {
    changes: part.map(({ id }) => write('Create', id)),
    state: last ? { of, seq } : { of, seq, after: part.at(-1)?.uid ?? 0 },
    last,
  };
}

/** What happened since: of each item only what it comes to. */
function laterPart(
  folder: SimulatedFolder,
  state: SyncState,
  asked: number,
  ignored: ReadonlySet<string | undefined>,
  context: OperationContext,
  write: Write,
): Part {
  const changes = mailboxOf(folder, context).changes.since(state.seq);
  if (changes === undefined)
    throw new EwsItemError('ErrorInvalidSyncStateData', 'The synchronisation state is too old; start over.');
  const part = changedItems(changes, folder.id, state.seq, asked, (id) => context.exchange.registry.items.get(id));
  const written = part.items.flatMap(({ id, what, item }) => {
    if (ignored.has(id)) return [];
    if (item === undefined) return [`<t:Delete><t:ItemId Id="${id}"/></t:Delete>`];
    if (what !== 'read') return [write(what === 'created' ? 'Create' : 'Update', id)];
    const itemId = `<t:ItemId Id="${id}" ChangeKey="${item.changeKey}"/>`;
    return [`<t:ReadFlagChange>${itemId}<t:IsRead>${item.isRead}</t:IsRead></t:ReadFlagChange>`];
  });
  return { changes: written, state: { of: state.of, seq: part.seq }, last: part.last };
}
