import type { Change, Subscription } from '../../store/change-log.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import type { Registry } from '../../store/registry.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { iso } from '../../xml/item-fields.ts';

/** Where changes are looked up. */
export interface ChangeSource {
  readonly registry: Registry;
  find(address: string): SimulatedMailbox | undefined;
}

/** Events of one answer at most. */
const most = 50;

const elements = {
  created: 'CreatedEvent',
  copied: 'CopiedEvent',
  deleted: 'DeletedEvent',
  moved: 'MovedEvent',
  modified: 'ModifiedEvent',
  'new-mail': 'NewMailEvent',
} as const satisfies Readonly<Record<Change['what'], string>>;

export const writeWatermark = (seq: number): string => btoa(`seq:${seq}`);

/** @throws ErrorInvalidWatermark */
export function readWatermark(text: string): number {
  try {
    const seq = /^seq:(\d+)$/.exec(atob(text.trim()))?.[1];
    if (seq !== undefined) return Number(seq);
  } catch {
    // Not ours: the same error.
  }
  throw new EwsItemError('ErrorInvalidWatermark', 'The watermark was not issued by this server.');
}

/** What a subscription is told after that change, and the number of the last change that was looked at. */
export function eventsOf(
  subscription: Subscription,
  since: number,
  exchange: ChangeSource,
): { readonly events: readonly Change[]; readonly seq: number; readonly more: boolean } {
  const changes = exchange.find(subscription.mailbox)?.changes.since(since);
  if (changes === undefined)
    throw new EwsItemError('ErrorExpiredSubscription', 'What happened since the watermark is no longer known.');
  const events: Change[] = [];
  let seq = since;
  for (const change of changes) {
    if (events.length === most) return { events, seq, more: true };
    seq = change.seq;
    if (concerns(change, subscription)) events.push(change);
  }
  return { events, seq: Math.max(seq, since), more: false };
}

function concerns(change: Change, { folderIds, types }: Subscription): boolean {
  if (!types.has(elements[change.what])) return false;
  return (
    folderIds === undefined || folderIds.has(change.folderId) || (change.old !== undefined && folderIds.has(change.old.folderId))
  );
}

/** One event; streaming ones carry no watermark. */
export function writeEvent(change: Change, exchange: ChangeSource, marked: boolean): string {
  const name = elements[change.what];
  const key = (id: string): string => {
    const found = exchange.registry.items.get(id) ?? exchange.registry.folders.get(id);
    return ` Id="${id}"${found === undefined ? '' : ` ChangeKey="${found.changeKey}"`}`;
  };
  const object = change.object === 'item' ? 'ItemId' : 'FolderId';
  const watermark = marked ? `<t:Watermark>${writeWatermark(change.seq)}</t:Watermark>` : '';
  const old =
    change.old === undefined ? '' : `<t:Old${object}${key(change.old.id)}/><t:OldParentFolderId${key(change.old.folderId)}/>`;
  return (
    `<t:${name}>${watermark}<t:TimeStamp>${iso(change.at)}</t:TimeStamp><t:${object}${key(change.id)}/>` +
    `<t:ParentFolderId${key(change.folderId)}/>${old}</t:${name}>`
  );
}
