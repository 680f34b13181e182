import type { Change } from '../../store/change-log.ts';
import type { SimulatedItem } from '../../store/item.ts';

/** What the changes of a folder come to for one item. */
export interface ChangedItem {
  readonly id: string;
  readonly what: 'created' | 'updated' | 'read' | 'deleted';
  /** Undefined once it is gone from the folder. */
  readonly item: SimulatedItem | undefined;
}

/** A part of what happened in a folder. */
export interface ChangedItems {
  readonly items: readonly ChangedItem[];
  /** Number of the last change that is told. */
  readonly seq: number;
  /** Whether nothing is left to tell. */
  readonly last: boolean;
}

/** What happened to the items of a folder since change `seq`: of each only what it comes to, of at most `most` items. */
export function changedItems(
  changes: readonly Change[],
  folderId: string,
  since: number,
  most: number,
  itemOf: (id: string) => SimulatedItem | undefined,
): ChangedItems {
  const seen = new Map<string, { readonly born: boolean; readonly readOnly: boolean }>();
  let seq = since;
  let last = true;
  for (const change of changes) {
    const ids = touched(change, folderId);
    const fresh = ids.filter(({ id }) => !seen.has(id));
    if (seen.size + fresh.length > most) {
      last = false;
      break;
    }
    for (const { id, born } of ids) {
      const before = seen.get(id);
      seen.set(id, { born: before?.born ?? born, readOnly: (before?.readOnly ?? true) && change.readOnly === true });
    }
    seq = change.seq;
  }
  const items = [...seen].flatMap(([id, { born, readOnly }]): readonly ChangedItem[] => {
    const item = itemOf(id);
    if (item === undefined || item.folderId !== folderId) return born ? [] : [{ id, what: 'deleted', item: undefined }];
    return [{ id, what: born ? 'created' : readOnly ? 'read' : 'updated', item }];
  });
  return { items, seq, last };
}

/** The items of the folder that a change is about: one that is moved leaves under one id and comes under another. */
function touched(change: Change, folderId: string): readonly { readonly id: string; readonly born: boolean }[] {
  if (change.object !== 'item' || change.what === 'new-mail') return [];
  const came =
    change.folderId === folderId ? [{ id: change.id, born: change.what !== 'modified' && change.what !== 'deleted' }] : [];
  const left = change.what === 'moved' && change.old?.folderId === folderId ? [{ id: change.old.id, born: false }] : [];
  return [...left, ...came];
}
