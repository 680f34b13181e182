import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolStorage } from '../contract.ts';
import type { ShardedSpool } from './shard.ts';
import { Shards } from './sharded-spool.ts';

const nameRule = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/**
 * One spool over several, past what one database carries: everything that a mailbox sends lies in one of them, chosen by the rendezvous hash of its address, so that
 * conversations keep their order. A spool that is added takes over only its share of the mailboxes; drain the fleet first (docs/scale.md).
 *
 * Each one fails alone: while a database is down, the mailboxes of the others go on, `send()` for its own rejects, and looking up an id that none of the others has
 * rejects too, since it may exist there. Message ids are unique per mailbox only. The id of an entry ends with the name of its spool.
 *
 * @param spools At least one, each under a name that is never changed: lower-case letters, digits and hyphens, 32 at most. Renaming moves mailboxes.
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const spool = sharded({ eu1: new PostgresSpool({ pool: eu1 }), eu2: new PostgresSpool({ pool: eu2 }) });
 * const sender = new OfflineImSender({ spool, … });
 * const client = await pools[spool.shardOf('alice@contoso.com')].connect();
 * await client.query('BEGIN');
 * await sender.send(message, { client });
 * await client.query('COMMIT');
 * ```
 */
export function sharded<Client = never>(spools: Readonly<Record<string, SpoolStorage<Client>>>): ShardedSpool<Client> {
  if (typeof spools !== 'object' || spools === null || Object.keys(spools).length === 0) {
    throw invalid(
      'spools',
      'sharded() needs at least one spool, each under its name: sharded({ eu1: new PostgresSpool(…), … }).',
    );
  }
  const names = new Map(Object.entries(spools));
  for (const [name, spool] of names) {
    if (!nameRule.test(name)) {
      throw invalid(
        name,
        `${JSON.stringify(name.slice(0, 40))} can't name a shard; expected lower-case letters, digits and hyphens, 32 at most.`,
      );
    }
    if (typeof spool?.append !== 'function') throw invalid(name, `The shard ${name} is of the wrong kind; expected a spool.`);
  }
  if (new Set(names.values()).size < names.size)
    throw invalid('spools', 'Two names have the same spool object; give each shard its own.');
  return new Shards(names) as ShardedSpool<Client>;
}

function invalid(option: string, message: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', message, { details: { option } });
}
