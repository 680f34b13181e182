import { describe, expect, it } from 'vitest';
import { schemaAvailable } from '../support/ews-schema.ts';
import { cleanVerdict, type TortureOptions, torture } from './torture.ts';

const seed = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 31));
const kills = Number(process.env.OFFLINE_IM_CRASH_KILLS ?? 0);
const messages = Number(process.env.OFFLINE_IM_CRASH_MESSAGES ?? 0);

/** Short forms; `npm run torture` runs the long ones. */
const runs: readonly Omit<TortureOptions, 'seed' | 'loss'>[] = [
  { spool: 'file', kills: kills || 24, messages: messages || 2_000, workers: 1, mailboxes: 1 },
  { spool: 'sqlite', kills: kills || 21, messages: messages || 1_000, workers: 2, mailboxes: 3 },
  { spool: 'sqlite', transport: 'both', kills: kills || 9, messages: messages || 400, workers: 2, mailboxes: 4 },
];

describe('sending processes that are killed again and again', () => {
  it.each(runs)(
    `lose nothing, send nothing twice, keep the order and leave no draft ($spool spool, transport $transport, $kills kills, $messages messages, seed ${seed})`,
    async (options) => {
      const { bodies, struck, calls: _, waits: __, dead: ___, ...verdict } = await torture({ ...options, seed, loss: 0.15 });
      expect(verdict).toEqual(cleanVerdict(options.messages));
      // The description of Graph lies beside its tests.
      expect(bodies > 0).toBe(schemaAvailable || options.transport !== undefined);
      expect(struck.spawned + struck.opening).toBeGreaterThan(0);
    },
  );
});
