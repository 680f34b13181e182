import fc from 'fast-check';
import { expect } from 'vitest';
import type { Settlement, SpoolEntry, SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { claimRequest, newEntry } from '../support/spool-entries.ts';

export const reason = { code: 'EWS_ERROR', text: 'busy' } as const;
/** The default number of sequences. */
const runs = Number(process.env.OFFLINE_IM_RUNS ?? 40);
/** ms: a limit for hanging tests, out of reach on a machine that does ten other things. */
export const limit = 600_000 + runs * 20_000;

/** Settlements, without their token, whose entries have due times of their own afterwards. */
export const certain = [
  { to: 'delivered' },
  { to: 'delivered', messageClass: 'IPM.Note' },
  { to: 'deferred', after: 0, failure: true, reason },
  { to: 'deferred', after: 0, failure: false, sent: 'unknown', reason },
  { to: 'unconfirmed', after: 0, absent: true, counted: 5, reason },
  { to: 'dead', sent: 'no', reason },
  { to: 'dead', sent: 'unknown', reason },
  { to: 'held' },
  { to: 'cancelled' },
  { to: 'unclaim' },
] as const;
export const outcomes = [...certain, { to: 'split', reason }] as const;

const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('append' as const), conversation: fc.nat(1), recipients: fc.nat(1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('claim' as const), kind: fc.constantFrom('deliver' as const, 'probe' as const) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('settle' as const), at: fc.nat(), outcome: fc.constantFrom(...outcomes) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), at: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('hold' as const, 'release' as const, 'cancel' as const, 'requeue' as const, 'purge' as const),
      at: fc.nat(),
      force: fc.boolean(),
    }),
  },
);
type Step = typeof anyStep extends fc.Arbitrary<infer One> ? One : never;

/** One spool, and its claims, by their entries: ids of notes and tokens differ between spools. */
class Player {
  readonly #spool: SpoolStorage;
  readonly #tokens: { readonly of: string; readonly token: string }[] = [];
  #entries = 0;

  constructor(spool: SpoolStorage) {
    this.#spool = spool;
  }

  /** The result of the step, and what the spool shows after it. */
  async play(step: Step): Promise<unknown> {
    const gave = await this.#do(step);
    const shown: SpoolEntry[] = [];
    for await (const entry of this.#spool.list()) shown.push(entry);
    const byState: string[] = [];
    for await (const { id } of this.#spool.list({ state: 'delivering' })) byState.push(id);
    return {
      gave,
      shown: shown.sort((a, b) => (a.id < b.id ? -1 : 1)).map(essence),
      byState: byState.sort(),
      counts: await this.#spool.counts(),
    };
  }

  async #do(step: Step): Promise<unknown> {
    const spool = this.#spool;
    switch (step.do) {
      case 'append': {
        const id = `m${String(this.#entries++).padStart(3, '0')}`;
        const parts = { pickupIn: 0, conversationId: `c${step.conversation}`, recipientsKey: `r${step.recipients}` };
        return (await spool.append([newEntry(id, parts)])).map(({ status }) => status);
      }
      case 'claim': {
        const notes = await spool.claim(claimRequest({ kind: step.kind, limit: 1_000, perLane: 1_000 }));
        const claimed = notes.map((note) => ({ note, of: note.entries.map(({ id }) => id).join(' ') }));
        claimed.sort((a, b) => (a.of < b.of ? -1 : 1));
        for (const { note, of } of claimed) this.#tokens.push({ of, token: note.token });
        return claimed.map(({ note: { attempt, failures, probes, absences, entries, unknownAttempts }, of }) => [
          ...[of, attempt, failures, probes, absences, unknownAttempts.length],
          entries.map(({ message }) => message?.text),
        ]);
      }
      case 'settle': {
        const claim = this.#tokens[step.at % Math.max(1, this.#tokens.length)];
        if (claim === undefined) return undefined;
        const { lost, changes } = await spool.settle([{ ...step.outcome, token: claim.token } as Settlement]);
        return [lost.length, arcs(changes)];
      }
      case 'renew': {
        const claim = this.#tokens[step.at % Math.max(1, this.#tokens.length)];
        return claim === undefined ? undefined : (await spool.renew([claim.token], 600_000)).length;
      }
      default: {
        if (this.#entries === 0) return undefined;
        const ids = [`m${String(step.at % this.#entries).padStart(3, '0')}`];
        return arcs(step.do === 'requeue' ? await spool.requeue(ids, { force: step.force }) : await spool[step.do](ids));
      }
    }
  }
}

function essence({
  id,
  state,
  attempt,
  noteId,
  cancelRequested,
  unknownAttempts,
  reason: why,
  message,
  messageClass,
}: SpoolEntry) {
  const inNote = state === 'deferred' || state === 'delivering' || state === 'unconfirmed';
  return [
    id,
    state,
    attempt,
    inNote && noteId !== undefined,
    cancelRequested,
    unknownAttempts.length,
    why?.code,
    message?.text,
    messageClass,
  ];
}

function arcs(changes: readonly { entryId: string; from: string; to: string }[]): string[] {
  return changes.map(({ entryId, from, to }) => `${entryId}: ${from} → ${to}`).sort();
}

/**
 * Whatever is done, in whatever order, a spool shows what a MemorySpool shows: one state table, kept in two ways.
 *
 * @param open A new spool, open.
 * @param options `share`: of the sequences, where a spool takes long for each.
 */
export async function sameAsMemory(open: () => Promise<SpoolStorage>, { share = 1 } = {}): Promise<void> {
  const property = fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 40, size: 'max' }), async (steps) => {
    const memory = new MemorySpool();
    await memory.open({ clock: new ManualClock(), tombstones: 86_400_000 });
    const other = await open();
    const [one, two] = [new Player(memory), new Player(other)];
    for (const step of steps) {
      const expected = await one.play(step);
      expect(await two.play(step), JSON.stringify(step)).toEqual(expected);
    }
    await memory.close();
    await other.close();
  });
  await fc.assert(property, { numRuns: Math.ceil(runs * share) });
}
