import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NewSpoolEntry, Settlement, SpoolEntry, SpoolStorage } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { certain, limit, reason } from '../same-as-memory.ts';
import { contradictions } from './contradictions.ts';
import { lanes, limited, type Operation, type Step, steps, unit, unlimited } from './random-operations.ts';
import { world } from './support.ts';

const runs = Math.ceil(Number(process.env.OFFLINE_IM_RUNS ?? 40) / 10);
/** Spools with the same content, and its claims. Ids of notes and tokens may differ from another player's. */
class Player {
  readonly #spools: readonly SpoolStorage[];
  readonly #atOnce: boolean;
  readonly #entries: NewSpoolEntry[] = [];
  #tokens: string[] = [];
  #times = 0;
  #notes = 0;

  constructor(spools: readonly SpoolStorage[], atOnce: boolean) {
    this.#spools = spools;
    this.#atOnce = atOnce;
  }

  async play({ together, by, expires }: Step): Promise<unknown> {
    const spool = this.#spools[by % this.#spools.length] as SpoolStorage;
    const gave: unknown[] = [];
    const claimed: string[][] = [];
    const begun: Promise<void>[] = [];
    for (const [index, operation] of together.entries()) {
      const done = this.#start(spool, operation, (tokens) => {
        claimed[index] = tokens;
      }).then(
        (value) => {
          gave[index] = value;
        },
        (error: unknown) => {
          gave[index] = String(error).includes('does not freeze') ? 'failed' : String(error);
        },
      );
      begun.push(done);
      if (!this.#atOnce) await done;
    }
    await Promise.all(begun);
    this.#tokens.push(...claimed.flat());
    if (expires) {
      // What is at work may be marked as expired, or later.
      await spool.settle(this.#tokens.map((token) => ({ token, to: 'unclaim' })));
      const closedLanes = [{ lane: 'l0', closedFor: 10 * unit }];
      gave.push(arcs(await spool.expire({ owner: 'run-1', closedLanes, giveUpAfter: 30 * unit, reason })));
    }
    const shown = [];
    for (const one of this.#spools) shown.push(await show(one));
    const [first, ...others] = shown;
    for (const other of others) expect(other).toEqual(first);
    return { gave, shown: first };
  }

  /** Prepares the operation before anything is awaited. */
  #start(spool: SpoolStorage, operation: Operation, claimed: (tokens: string[]) => void): Promise<unknown> {
    switch (operation.do) {
      case 'append':
        return this.#append(spool, operation);
      case 'claim':
        return this.#claim(spool, operation, claimed);
      case 'settle': {
        const settlements = picked(this.#tokens, operation).map((token, index) => {
          const outcome = operation.outcomes[index % operation.outcomes.length];
          return { ...outcome, ...(outcome?.to === 'deferred' ? { after: this.#time() } : {}), token } as Settlement;
        });
        return spool.settle(settlements).then(({ lost, changes }) => [lost.length, arcs(changes)]);
      }
      case 'renew':
        return spool.renew(picked(this.#tokens, operation), 3 * unit).then((lost) => lost.length);
      default: {
        const ids = picked(this.#entries, operation).map(({ id }) => id);
        if (operation.do === 'requeue') return spool.requeue(ids, { force: operation.force }).then(arcs);
        return spool[operation.do](ids).then(arcs);
      }
    }
  }

  async #append(spool: SpoolStorage, of: Operation & { do: 'append' }): Promise<unknown> {
    const from = this.#entries.length;
    const entries = Array.from({ length: of.count }, (_, index) => {
      const id = `e${String(from + index).padStart(4, '0')}`;
      const conversation = Math.floor((from + index) / 2) % of.conversations;
      return newEntry(id, {
        lane: lanes[conversation % lanes.length] as string,
        conversationId: `c${conversation}`,
        audience: index % 2 === 0 ? 'same-organization' : 'federated',
        recipientsKey: `r${index % of.recipients}`,
        pickupIn: this.#time(),
        expiresIn: (index % 7 === 0 ? 6 : 60) * unit,
        ...(of.pairs ? { messageId: `m-${from + index - (index % 2)}`, contentHash: `hash of ${from}` } : {}),
      });
    });
    const again = of.again ? this.#entries.slice(0, of.count) : [];
    this.#entries.push(...entries);
    const results = await spool.append([...entries, ...again]);
    return results.map((one) => [one.messageId, one.status, 'entries' in one ? one.entries.map(({ id }) => id) : []]);
  }

  async #claim(spool: SpoolStorage, of: Operation & { do: 'claim' }, claimed: (tokens: string[]) => void): Promise<unknown> {
    const request = claimRequest({
      kind: of.kind,
      // Probes of leases that ended together are due at the same time.
      perLane: of.kind === 'probe' ? 10_000 : of.most,
      limit: 10_000,
      lease: 3 * unit,
      maxEntries: of.maxEntries,
      ignorePickup: of.early,
      newNoteId: () => `note-${++this.#notes}`,
      ...(of.of === undefined ? {} : { lanes: of.of }),
    });
    const fails = () => {
      throw new Error('does not freeze');
    };
    const notes = await spool.claim(of.fails ? { ...request, freeze: fails } : request);
    // Lanes served at the same time may come in any order.
    const sorted = Object.entries(Object.groupBy(notes, ({ lane }) => lane)).sort(([a], [b]) => (a < b ? -1 : 1));
    const byLane = sorted.map(([lane, ofLane = []]) => {
      const isSure = of.kind === 'deliver' && of.most < 10_000;
      return [lane, isSure ? ofLane : ofLane.toSorted((a, b) => (idsOf(a) < idsOf(b) ? -1 : 1))] as const;
    });
    claimed(byLane.flatMap(([, ofLane]) => ofLane.map(({ token }) => token)));
    return byLane.map(([lane, ofLane]) => [
      lane,
      ofLane.map((note) => {
        const { attempt, failures, probes, absences, quietFor, unconfirmedFor, expired, entries, unknownAttempts } = note;
        const texts = entries.map(({ message }) => message?.text);
        return [
          idsOf(note),
          attempt,
          failures,
          probes,
          absences,
          quietFor,
          unconfirmedFor,
          expired,
          unknownAttempts.length,
          texts,
        ];
      }),
    ]);
  }

  #time(): number {
    return ++this.#times;
  }
}

const idsOf = ({ entries }: { readonly entries: readonly SpoolEntry[] }): string => entries.map(({ id }) => id).join(' ');

function picked<Item>(items: readonly Item[], { from, count }: { readonly from: number; readonly count: number }): Item[] {
  const most = Math.min(count, items.length);
  return Array.from({ length: most }, (_, index) => items[(from + index) % items.length] as Item);
}

function arcs(changes: readonly { entryId: string; from: string; to: string }[]): string[] {
  return changes.map(({ entryId, from, to }) => `${entryId}: ${from} → ${to}`).sort();
}

/** All that a spool shows; a note has the name of its first entry. */
async function show(spool: SpoolStorage): Promise<unknown> {
  const shown: SpoolEntry[] = [];
  for await (const entry of spool.list()) shown.push(entry);
  shown.sort((a, b) => (a.id < b.id ? -1 : 1));
  const names = new Map<string, string>();
  for (const { id, noteId } of shown) if (noteId !== undefined && !names.has(noteId)) names.set(noteId, id);
  return {
    entries: shown.map(({ noteId, unknownAttempts, ...rest }) => [rest, names.get(noteId ?? ''), unknownAttempts.length]),
    counts: await spool.counts(),
    due: [await spool.nextDue(), await spool.nextDue({ only: ['l1'] }), await spool.nextDue({ except: ['l0'] })],
  };
}

async function sameInGroups(all: readonly Step[]): Promise<void> {
  await using at = await world();
  const clock = new ManualClock();
  const memory = new MemorySpool();
  await memory.open({ clock, tombstones: 86_400_000 });
  const spools = [await at.open({ clock }), await at.open({ clock })];
  const [one, two] = [new Player([memory], false), new Player(spools, true)];
  for (const step of all) {
    await clock.advance(step.later * unit);
    const expected = await one.play(step);
    expect(await two.play(step), JSON.stringify(step)).toEqual(expected);
    expect(at.raw(contradictions), JSON.stringify(step)).toEqual([]);
  }
  await memory.close();
}

it.each([
  ['whatever is claimed of a lane at most', limited],
  ['whatever is done', unlimited],
] as const)(
  'operations of one transaction, by either of two spools, do what they do one by one in a MemorySpool: %s',
  async (_what, operation) => {
    await fc.assert(fc.asyncProperty(steps(operation as fc.Arbitrary<Operation>), sameInGroups), { numRuns: runs });
  },
  limit,
);

it(
  'so do they with more notes in progress than are kept in memory, while the other spool writes too',
  async () => {
    const more: Operation = { do: 'append', count: 250, conversations: 10_000, recipients: 1, pairs: false, again: false };
    const all = (kind: 'deliver' | 'probe'): Operation => ({
      do: 'claim',
      kind,
      most: 10_000,
      of: undefined,
      early: true,
      maxEntries: 1,
      fails: false,
    });
    const end = (from: number, count: number): Operation => ({
      do: 'settle',
      from,
      count,
      outcomes: [certain[0], certain[0], certain[2], certain[4], certain[9]],
    });
    const cancel: Operation = { do: 'cancel', from: 100, count: 700, force: false };
    const step = (by: number, ...together: Operation[]): Step => ({ together, by, later: 1, expires: false });
    await sameInGroups([
      ...[0, 1, 0, 1, 0].map((by) => step(by, more)),
      step(0, all('deliver')),
      step(1, more, cancel),
      step(0, end(0, 500), all('deliver')),
      step(1, end(200, 900)),
      step(0, end(0, 2_000), more, all('deliver')),
      step(1, all('deliver'), cancel, all('probe')),
      step(0, end(1_000, 3_000), all('deliver')),
    ]);
  },
  limit,
);
