import { describe, expect, it } from 'vitest';
import type { Settlement, SpoolStorage } from '../../src/spool/contract.ts';
import type { Disk } from '../model/disk.ts';
import { FileDisk } from './disks/file.ts';
import { type Sabotage, type SpoolKind, simulate } from './run.ts';

/** Puts a wrapper between the sender and its spool. */
function spoolWith(change: (spool: SpoolStorage) => Partial<SpoolStorage>): Sabotage {
  return {
    disk: (disk: Disk): Disk => ({
      name: disk.name,
      endsHalfway: disk.endsHalfway,
      begin: (died) => {
        const spool = disk.begin(died);
        const changed = change(spool);
        return new Proxy(spool, {
          get: (target, key) => {
            const value: unknown = Reflect.get(changed, key) ?? Reflect.get(target, key);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
      end: () => disk.end(),
      calm: () => disk.calm(),
      remove: () => disk.remove(),
    }),
  };
}

const absent = { code: 'CONNECTION_LOST', text: 'Forgotten.' } as const;

/** Ways to break the product, and the finding of the oracle. */
const broken: readonly {
  readonly how: string;
  readonly kind: SpoolKind;
  readonly sabotage: Sabotage;
  readonly says: RegExp;
}[] = [
  {
    how: 'a probe takes everything for absent',
    kind: 'memory',
    sabotage: {
      server: (server) => {
        server.takesAllForAbsent = true;
      },
    },
    says: /is sent again|was sent \d times/,
  },
  {
    how: 'the runtime sends a request without an answer again',
    kind: 'memory',
    sabotage: {
      server: (server) => {
        server.wire.repeatsByItself = true;
      },
    },
    says: /carried out twice|was sent \d times/,
  },
  {
    how: 'a later message of a conversation does not wait for an earlier one',
    kind: 'memory',
    sabotage: spoolWith((spool) => ({
      append: (entries) => spool.append(entries.map((entry) => ({ ...entry, conversationId: entry.id }))),
    })),
    says: /which is (older|younger)/,
  },
  {
    how: 'an attempt that may have been sent is forgotten instead of looked for',
    kind: 'memory',
    sabotage: spoolWith((spool) => ({
      claim: async (request) => {
        const claimed = await spool.claim(request);
        if (request.kind === 'deliver') return claimed;
        await spool.settle(
          claimed.map(({ token }): Settlement => ({ token, to: 'deferred', after: 0, failure: false, reason: absent })),
        );
        return [];
      },
    })),
    says: /was not found absent twice|is sent again|no row of the table/,
  },
  {
    how: 'requeue() sends again what may have been sent',
    kind: 'memory',
    sabotage: spoolWith((spool) => ({ requeue: (ids) => spool.requeue(ids, { force: true }) })),
    says: /is sent again|was sent \d times|no row of the table/,
  },
  {
    how: 'a message is accepted that was not synced',
    kind: 'file',
    sabotage: {
      disk: (disk) => {
        if (disk instanceof FileDisk) disk.forgetsToSync = true;
        return disk;
      },
    },
    says: /no row of the table|is nowhere|sent again|forgotten/,
  },
];

/** Runs until one is found; more than twice as many as any of them needed. */
const most = 400;

describe('the oracle detects a product that breaks its promise if', () => {
  it.each(broken)('$how', async ({ kind, sabotage, says }) => {
    let found: unknown;
    for (let seed = 1; seed <= most && found === undefined; seed++) {
      found = await simulate(kind, seed, sabotage, false).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(String(found instanceof Error ? found.cause : found)).toMatch(says);
  });
});
