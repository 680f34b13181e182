import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyValueSpool, type KeyValueStore } from '../../../examples/key-value-spool.ts';
import type { SpoolEntry } from '../../../src/spool/contract.ts';
import { type EntryRecord, isInNote, type NoteRecord, viewOf } from '../../../src/spool/state/records.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

/** A store that a killed process leaves unchanged. */
class MapStore implements KeyValueStore {
  readonly values_ = new Map<string, string>();

  async get(key: string) {
    return this.values_.get(key);
  }

  async values(prefix: string) {
    return [...this.values_].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);
  }

  async batch(changes: ReadonlyMap<string, string | undefined>) {
    for (const [key, value] of changes) {
      if (value === undefined) this.values_.delete(key);
      else this.values_.set(key, value);
    }
  }

  entries(): EntryRecord[] {
    return [...this.values_].flatMap(([key, value]) => (key.startsWith('entry/') ? [JSON.parse(value) as EntryRecord] : []));
  }

  notes(): NoteRecord[] {
    return [...this.values_].flatMap(([key, value]) => (key.startsWith('note/') ? [JSON.parse(value) as NoteRecord] : []));
  }
}

const reason = { code: 'EWS_ERROR', text: 'busy' } as const;

/** A spool, the operations on it, and the owners of its notes. */
class Life {
  readonly store = new MapStore();
  readonly clock = new ManualClock();
  spool = new KeyValueSpool(this.store);
  tokens: string[] = [];
  #count = 0;

  open() {
    return this.spool.open({ clock: this.clock, tombstones: 600_000 });
  }

  readonly acts: Readonly<Record<string, (number: number) => Promise<unknown>>> = {
    append: () => this.spool.append([newEntry(`e${++this.#count}`, { pickupIn: 0, expiresIn: 400_000 })]),
    other: () => this.spool.append([newEntry(`e${++this.#count}`, { pickupIn: 0, conversationId: `c${this.#count}` })]),
    deliver: () => this.#claim('deliver'),
    probe: () => this.#claim('probe'),
    renew: () => this.spool.renew(this.tokens, 5_000),
    time: (number) => this.clock.advance(number * 1_000),
    setBack: async () => this.clock.setWall(this.clock.now() - 200_000),
    delivered: (number) => this.spool.settle(this.#settled(number, { to: 'delivered' })),
    deferred: (number) => this.spool.settle(this.#settled(number, { to: 'deferred', after: 0, failure: true, reason })),
    absent: (number) =>
      this.spool.settle(this.#settled(number, { to: 'unconfirmed', after: 0, absent: true, counted: 1, reason })),
    unclaim: (number) => this.spool.settle(this.#settled(number, { to: 'unclaim' })),
    split: (number) => this.spool.settle(this.#settled(number, { to: 'split', reason })),
    dead: (number) => this.spool.settle(this.#settled(number, { to: 'dead', sent: 'unknown', reason })),
    hold: (number) => this.spool.hold([`e${number}`]),
    release: (number) => this.spool.release([`e${number}`]),
    cancel: (number) => this.spool.cancel([`e${number}`]),
    requeue: (number) => this.spool.requeue([`e${number}`]),
    purge: (number) => this.spool.purge([`e${number}`]),
    expire: () => this.spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } }),
    unreadable: async (number) => void this.store.values_.delete(`message/e${number}`),
    kill: async () => {
      this.spool = new KeyValueSpool(this.store);
      await this.open();
    },
    close: async () => {
      await this.spool.close();
      await this.open();
    },
  };

  async shown(): Promise<SpoolEntry[]> {
    const shown: SpoolEntry[] = [];
    for (const { fixed } of this.store.entries()) shown.push(...(await this.spool.findMessage(fixed.messageId)));
    const listed: SpoolEntry[] = [];
    for await (const entry of this.spool.list()) listed.push(entry);
    // Listed entries are stored; purged ones can only be found by their message.
    expect(shown.map(({ id }) => id)).toEqual(expect.arrayContaining(listed.map(({ id }) => id)));
    return shown;
  }

  async #claim(kind: 'deliver' | 'probe') {
    const notes = await this.spool.claim(claimRequest({ kind, limit: 2, maxEntries: 3, lease: 5_000 }));
    this.tokens.push(...notes.map(({ token }) => token));
  }

  #settled(number: number, to: object) {
    const [token = 'none:1:deliver:1'] = this.tokens.splice(number % Math.max(1, this.tokens.length), 1);
    return [{ token, ...to } as Parameters<KeyValueSpool['settle']>[0][number]];
  }
}

/** A note and its members in the store always match. */
function expectWhole(store: MapStore): void {
  const entries = new Map(store.entries().map((record) => [record.fixed.id, record]));
  const inNotes = new Map(store.notes().flatMap((note) => note.entryIds.map((id) => [id, note] as const)));
  for (const [id, note] of inNotes) expect(entries.get(id)?.status).toMatchObject({ state: note.state, noteId: note.id });
  for (const { fixed, status } of entries.values()) {
    if (isInNote(status.state)) expect(inNotes.get(fixed.id)?.id).toBe(status.noteId);
    if (status.state === 'unconfirmed') expect(status.unknownAttempts).not.toEqual([]);
  }
  for (const note of store.notes()) expect(note).not.toHaveProperty('lease');
}

describe('the journal rule', () => {
  it('holds for any operation, and whenever the process is killed: the spool shows what is stored, and notes are complete', async () => {
    const acts = Object.keys(new Life().acts);
    const act = fc.tuple(fc.constantFrom(...acts, 'append', 'deliver', 'probe', 'time'), fc.integer({ min: 1, max: 9 }));
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 40 }), async (steps) => {
        const life = new Life();
        await life.open();
        for (const [name, number] of steps) {
          await life.acts[name]?.(number);
          const shown = await life.shown();
          const stored = life.store.entries().map((record) => viewOf(record));
          const bare = shown.map(({ message: _message, ...entry }) => entry);
          expect(bare.sort(byId)).toEqual(stored.sort(byId));
          expectWhole(life.store);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
