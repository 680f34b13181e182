import { type ChangedItem, changedItems } from '../../operations/sync/changed-items.ts';
import { readSyncState, type SyncState, writeSyncState } from '../../operations/sync/sync-state.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { GraphFault } from '../errors.ts';
import { messageJson } from '../json/message-json.ts';
import { queryText, requireKnown } from '../odata/page.ts';
import { folderJson } from './folders.ts';
import { queryOf } from './messages.ts';
import { type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';
import { findFolder, isForMail } from './resources.ts';

const options = ['$select', '$expand', '$filter', '$orderby', '$top', '$skiptoken', '$deltatoken'];

/** https://learn.microsoft.com/graph/api/message-delta: the messages of a folder first, then what has happened to them since. */
export function deltaMessages(context: GraphContext): GraphAnswer {
  const { mailbox, route, base, exchange } = context;
  requireKnown(route.query, options);
  if (route.folder === undefined) {
    throw new GraphFault('BadRequest', 400, "Change tracking is not supported against 'microsoft.graph.message'; ask a folder.");
  }
  const folder = findFolder(mailbox, route.folder);
  const asked = new URLSearchParams(route.query);
  for (const name of ['$skiptoken', '$deltatoken']) asked.delete(name);
  const query = queryOf({ ...context, route: { ...route, query: asked } });
  const token = route.query.get('$skiptoken') ?? route.query.get('$deltatoken');
  const state = token === null ? { of: folder.id, seq: exchange.registry.seq, after: 0 } : readToken(token, folder);
  const part = state.after === undefined ? laterPart(folder, state, query.top, context) : firstPart(folder, state, query.top);
  const kind = asked.get('changeType')?.toLowerCase();
  const idOf = (id: string): string => (query.idOf === undefined ? id : exchange.registry.immutableIdOf({ id }));
  const value = part.items
    .filter(({ what }) => kind === undefined || kind === (what === 'read' ? 'updated' : what))
    .filter(({ item }) => item === undefined || (query.filter?.matches(item) ?? true))
    .map(({ id, item }) =>
      item === undefined
        ? { '@odata.type': '#microsoft.graph.message', id: idOf(id), '@removed': { reason: 'deleted' } }
        : { '@odata.type': '#microsoft.graph.message', ...messageJson(item, query) },
    );
  asked.set(part.last ? '$deltatoken' : '$skiptoken', writeSyncState(part.state));
  const link = `${base}/users/${mailbox.userId}/mailFolders/${folder.id}/messages/delta?${queryText(asked)}`;
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#Collection(message)`,
      [part.last ? '@odata.deltaLink' : '@odata.nextLink']: link,
      value,
    },
  };
}

/** https://learn.microsoft.com/graph/api/mailfolder-delta: every folder for mail first, then those that something has happened to or in. */
export function deltaMailFolders(context: GraphContext): GraphAnswer {
  requirePermission(context, 'Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite');
  const { mailbox, route, base, exchange } = context;
  requireKnown(route.query, ['$select', '$skiptoken', '$deltatoken']);
  const root = mailbox.folder('msgfolderroot');
  const token = route.query.get('$deltatoken');
  const { seq } = exchange.registry;
  const changes = token === null ? undefined : mailbox.changes.since(readToken(token, root).seq);
  if (token !== null && changes === undefined) throw unknownState();
  const touched = changes?.flatMap(({ object, id, folderId, old }) => [object === 'folder' ? id : folderId, old?.folderId]);
  const all = mailbox.folders.filter((one) => one !== root && isForMail(one) && isBelowFolder(one, root));
  const shown = touched === undefined ? all : all.filter(({ id }) => touched.includes(id));
  const gone = new Set(changes?.flatMap(({ object, what, id }) => (object === 'folder' && what === 'deleted' ? [id] : [])) ?? []);
  const link = new URLSearchParams(route.query);
  link.set('$deltatoken', writeSyncState({ of: root.id, seq }));
  const value = [
    ...shown.map((folder) => ({ '@odata.type': '#microsoft.graph.mailFolder', ...folderJson(folder, route.query) })),
    ...[...gone].map((id) => ({ '@odata.type': '#microsoft.graph.mailFolder', id, '@removed': { reason: 'deleted' } })),
  ];
  const more = { '@odata.deltaLink': `${base}/users/${mailbox.userId}/mailFolders/delta?${queryText(link)}`, value };
  return { status: 200, json: { '@odata.context': `${base}/$metadata#Collection(mailFolder)`, ...more } };
}

function isBelowFolder({ parent }: SimulatedFolder, root: SimulatedFolder): boolean {
  return parent !== undefined && (parent === root || isBelowFolder(parent, root));
}

interface Part {
  readonly items: readonly ChangedItem[];
  readonly state: SyncState;
  readonly last: boolean;
}

/** The first round: every message that was there when it began. */
function firstPart(folder: SimulatedFolder, { of, seq, after = 0 }: SyncState, size: number): Part {
  const left = folder.items.filter(({ uid }) => uid > after && uid <= seq).sort((a, b) => a.uid - b.uid);
  const items = left.slice(0, size);
  const last = items.length === left.length;
  return {
    items: items.map((item) => ({ id: item.id, what: 'created', item })),
    state: last ? { of, seq } : { of, seq, after: items.at(-1)?.uid ?? 0 },
    last,
  };
}

/** What has happened since. */
function laterPart(folder: SimulatedFolder, { of, seq }: SyncState, size: number, { mailbox, exchange }: GraphContext): Part {
  const changes = mailbox.changes.since(seq);
  if (changes === undefined) throw unknownState();
  const part = changedItems(changes, folder.id, seq, size, (id) => exchange.registry.items.get(id));
  return { items: part.items, state: { of, seq: part.seq }, last: part.last };
}

function readToken(token: string, folder: SimulatedFolder): SyncState {
  try {
    return readSyncState(token, folder.id);
  } catch (error) {
    if (error instanceof EwsItemError) throw unknownState();
    throw error;
  }
}

/** A client starts anew then: https://learn.microsoft.com/graph/delta-query-overview */
function unknownState(): GraphFault {
  return new GraphFault('SyncStateNotFound', 410, 'The sync state generation is not found; a full sync is needed.');
}
