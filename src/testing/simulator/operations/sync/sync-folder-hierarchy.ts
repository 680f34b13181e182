import { messagesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf } from '../../../../ews/xml/read.ts';
import { hasFullAccess } from '../../access/rights.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { readFolderShape } from '../../xml/folder-shape.ts';
import { allBelow } from '../folders/folders.ts';
import { folderIdsIn, mailboxOf, resolveFolder, shownTo } from '../ids.ts';
import { answerEach, type Operation } from '../operation.ts';
import { readSyncState, writeSyncState } from './sync-state.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderhierarchy-operation */
export const syncFolderHierarchy: Operation = {
  count: () => 1,
  run(request, context) {
    const shows = shownTo(context);
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'), shows);
    const named = child(request, messagesNs, 'SyncFolderId');
    const id = named && folderIdsIn(named, 'SyncFolderId')[0];
    const given = textOf(request, messagesNs, 'SyncState') ?? '';
    return answerEach([id], context, '', (one) => {
      const root = one === undefined ? context.acting?.folder('msgfolderroot') : resolveFolder(one, context, 'see');
      if (root === undefined) throw new EwsItemError('ErrorNonExistentMailbox');
      const { registry } = context.exchange;
      const state = given === '' ? undefined : readSyncState(given, root.id);
      const changes = state === undefined ? [] : mailboxOf(root, context).changes.since(state.seq);
      if (changes === undefined)
        throw new EwsItemError('ErrorInvalidSyncStateData', 'The synchronisation state is too old; start over.');
      const mailbox = mailboxOf(root, context);
      const shown = allBelow(root).filter(shows);
      const there = new Map(shown.map((folder) => [folder.id, folder]));
      const written: string[] = [];
      if (state === undefined) for (const folder of there.values()) written.push(`<t:Create>${write(folder)}</t:Create>`);
      const born = new Map<string, boolean>();
      for (const change of changes) {
        if (change.object === 'folder' && !born.has(change.id)) born.set(change.id, change.what === 'created');
      }
      // What may not be seen is not there, and what has become hidden is gone: only what a client was told decides which of them it is.
      const told = state?.told && new Set(state.told);
      for (const id of told === undefined ? [] : [...told, ...there.keys()])
        if (told?.has(id) !== there.has(id)) born.set(id, there.has(id));
      for (const [folderId, created] of born) {
        const unknown = told !== undefined && !told.has(folderId);
        written.push(...settled(there.get(folderId), folderId, created || unknown, write));
      }
      const limited = hasFullAccess(context, mailbox) ? {} : { told: [...there.keys()] };
      return (
        `<m:SyncState>${writeSyncState({ of: root.id, seq: registry.seq, ...limited })}</m:SyncState>` +
        `<m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange><m:Changes>${written.join('')}</m:Changes>`
      );
    });
  },
};

/** What the changes of one folder come to. */
function settled(
  folder: SimulatedFolder | undefined,
  id: string,
  created: boolean,
  write: (folder: SimulatedFolder) => string,
): readonly string[] {
  if (folder !== undefined) return [created ? `<t:Create>${write(folder)}</t:Create>` : `<t:Update>${write(folder)}</t:Update>`];
  return created ? [] : [`<t:Delete><t:FolderId Id="${id}"/></t:Delete>`];
}
