import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import type { AppendResult, NewSpoolEntry } from '../contract.ts';
import type { Shard } from './shard.ts';

/** Appends each message to the shard of its mailbox; what one shard can't keep fails alone. */
export async function appendToShards(
  shardOf: (lane: string) => Shard,
  entries: readonly NewSpoolEntry[],
  options?: { readonly client?: unknown },
): Promise<readonly AppendResult[]> {
  const byShard = new Map<Shard, NewSpoolEntry[]>();
  /** Which result of which shard, in order of first appearance. */
  const order = new Map<string, { readonly shard: Shard; readonly messageId: string }>();
  for (const entry of entries) {
    // One without a mailbox is refused by whichever shard it comes to.
    const shard = shardOf(typeof entry.lane === 'string' ? entry.lane : '');
    const own = byShard.get(shard);
    if (own === undefined) byShard.set(shard, [entry]);
    else own.push(entry);
    const key = JSON.stringify([shard.name, entry.messageId]);
    if (!order.has(key)) order.set(key, { shard, messageId: entry.messageId });
  }
  if (options?.client !== undefined && byShard.size > 1) {
    throw new OfflineImError(
      'OPTION_INVALID',
      'The messages belong to several shards, but a transaction of the host is in one database. Send them one by one.',
      {
        details: { option: 'client' },
      },
    );
  }
  const results = new Map<Shard, ReadonlyMap<string, AppendResult>>();
  const appending = [...byShard].map(async ([shard, own]) => {
    results.set(shard, new Map((await appendTo(shard, own, options)).map((result) => [result.messageId, result])));
  });
  await Promise.all(appending);
  return [...order.values()].map(
    ({ shard, messageId }) =>
      results.get(shard)?.get(messageId) ??
      failed(messageId, 'unknown', new OfflineImError('SPOOL_FAILED', `The shard ${shard.name} gave no result for a message.`)),
  );
}

async function appendTo(
  shard: Shard,
  entries: readonly NewSpoolEntry[],
  options: { readonly client?: unknown } | undefined,
): Promise<readonly AppendResult[]> {
  // A handle that the storage does not know is the host's mistake, and rejects.
  if (options?.client !== undefined) return shard.ask((storage) => storage.append(entries, options));
  let begun = false;
  try {
    return await shard.ask((storage) => {
      begun = true;
      return storage.append(entries);
    });
  } catch (error) {
    const kept = begun && !hasCode(error, 'SPOOL_CLOSED') ? 'unknown' : 'no';
    return [...new Set(entries.map(({ messageId }) => messageId))].map((messageId) => failed(messageId, kept, asError(error)));
  }
}

function failed(messageId: string, kept: 'no' | 'unknown', error: Error): AppendResult {
  return { messageId, status: 'failed', kept, error };
}
