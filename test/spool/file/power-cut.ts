import { expect } from 'vitest';
import type { ClaimedNote, NewSpoolEntry, Settlement, SpoolEntry } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { ForgetfulDisk, type Pick, PowerIsOut, pickFrom } from '../../support/forgetful-disk.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';

const day = 86_400_000;

/** Distributes over the union, so that each kind of settlement keeps its own fields. */
type WithoutToken<One> = One extends Settlement ? Omit<One, 'token'> : never;
export type Outcome = WithoutToken<Settlement>;

/** Successive processes of a spool on a disk that forgets. */
export class World {
  readonly disk = new ForgetfulDisk();
  readonly clock = new ManualClock();
  readonly corrupt: string[] = [];
  /** All messages ever handed over. */
  readonly messageIds = new Set<string>();
  spool: FileSpool = this.#make();
  claims: readonly ClaimedNote[] = [];
  #notes = 0;

  async open(): Promise<void> {
    this.spool = this.#make();
    await this.spool.open({ clock: this.clock, tombstones: day, onCorrupt: ({ where }) => this.corrupt.push(where) });
  }

  #make(): FileSpool {
    return new FileSpool({ root: '/spool', files: this.disk.layer() });
  }

  async claim(kind: 'deliver' | 'probe' = 'deliver', maxEntries = 100): Promise<void> {
    this.claims = await this.spool.claim(
      claimRequest({ kind, maxEntries, ignorePickup: true, newNoteId: () => `note-${++this.#notes}` }),
    );
  }

  /** Rejects if `append` reports a failure. */
  async append(...entries: NewSpoolEntry[]): Promise<void> {
    for (const { messageId } of entries) this.messageIds.add(messageId);
    for (const result of await this.spool.append(entries)) if (result.status === 'failed') throw result.error;
  }

  async settle(outcome: Outcome): Promise<void> {
    await this.spool.settle(this.claims.map(({ token }) => ({ token, ...outcome }) as Settlement));
  }

  /** The process dies and another takes over; with `pick` the power fails too. */
  async restart(power?: { readonly pick: Pick | undefined }): Promise<void> {
    if (power === undefined) this.disk.restart();
    else this.disk.powerCut(power.pick);
    this.claims = [];
    await this.open();
  }
}

export type Step = (world: World) => Promise<unknown>;

/** The parts of an entry that must survive. */
interface Snapshot {
  readonly messageId: string;
  readonly state: string;
  readonly noteId: string | undefined;
  readonly attempt: number;
  readonly cancelRequested: boolean;
  readonly unknown: readonly string[];
  /** Missing from a tombstone. */
  readonly text: string | undefined;
  readonly endedAt: number | undefined;
}

/** All entries, including purged ones. */
async function snapshotsOf({ spool, messageIds }: World): Promise<Map<string, Snapshot>> {
  const found = new Map<string, Snapshot>();
  for (const messageId of messageIds) for (const one of await spool.findMessage(messageId)) found.set(one.id, shown(one));
  return found;
}

function shown(entry: SpoolEntry): Snapshot {
  return {
    messageId: entry.messageId,
    state: entry.state,
    noteId: entry.noteId,
    attempt: entry.attempt,
    cancelRequested: entry.cancelRequested,
    unknown: entry.unknownAttempts.map(({ tag }) => tag),
    text: entry.message?.text,
    endedAt: entry.endedAt,
  };
}

/** After the process has died, entries that were being delivered are unconfirmed. */
function recovered(snapshot: Snapshot): Snapshot {
  if (snapshot.state !== 'delivering') return snapshot;
  const tag = `${snapshot.noteId}:${snapshot.attempt}`;
  return { ...snapshot, state: 'unconfirmed', unknown: [...new Set([...snapshot.unknown, tag])] };
}

/** The record of a whole run of a scenario: the entries before it and after each step, and the calls made by then. */
export interface Reference {
  readonly after: readonly ReadonlyMap<string, Snapshot>[];
  readonly calls: number;
}

/** What a power cut keeps; `undefined`: only the process dies. */
type Power = { readonly pick: Pick | undefined } | undefined;

/** Where it matters which of several renames a disk has kept, more random disks. */
const randomDisks: Readonly<Record<string, number>> = { 'expiry of some of a note': 12 };

/** The ways in which a scenario is cut at a step. */
export function disksOf(scenario: string, cutAt: number): readonly Power[] {
  const random = Array.from({ length: randomDisks[scenario] ?? 2 }, (_, disk) => ({ pick: pickFrom(disk * 7919 + cutAt) }));
  return [undefined, { pick: undefined }, ...random];
}

const opens: Step = (world) => world.open();

/** Runs a scenario without a cut. Calls made only to inspect it are not counted. */
export async function runWhole(steps: readonly Step[]): Promise<Reference> {
  const world = new World();
  const after: ReadonlyMap<string, Snapshot>[] = [new Map()];
  for (const step of [opens, ...steps]) {
    await step(world);
    const { length } = world.disk.calls;
    after.push(await snapshotsOf(world));
    world.disk.calls.length = length;
  }
  expect(world.corrupt).toEqual([]);
  return { after, calls: world.disk.calls.length };
}

/** Runs a scenario, cuts it at that call (or after the last one), and checks the result. */
export async function runCut(steps: readonly Step[], reference: Reference, cutAt: number, power: Power): Promise<void> {
  const world = new World();
  world.disk.cutAt = cutAt;
  let done = 0;
  for (const step of [opens, ...steps]) {
    try {
      await step(world);
    } catch (error) {
      if (!isOutage(error)) throw error;
      break;
    }
    done += 1;
    // Not every call decides the outcome: removing files no longer needed may fail.
    if (world.disk.calls.length >= cutAt) break;
  }
  const acknowledged = reference.after[done];
  const possible = reference.after[done + 1] ?? acknowledged;
  if (acknowledged === undefined || possible === undefined) throw new Error('No such step.');
  world.disk.heal();
  await world.restart(power);
  const first = await check(world, acknowledged, possible);
  // Entries shown after opening are durable: the next cut does not remove them.
  await world.restart({ pick: undefined });
  expect(await snapshotsOf(world)).toEqual(first);
  await finish(world);
}

async function check(
  world: World,
  acknowledged: ReadonlyMap<string, Snapshot>,
  possible: ReadonlyMap<string, Snapshot>,
): Promise<ReadonlyMap<string, Snapshot>> {
  expect(world.corrupt).toEqual([]);
  const found = await snapshotsOf(world);
  for (const [id, snapshot] of acknowledged) {
    const after = possible.get(id);
    const allowed = [recovered(snapshot), ...(after === undefined ? [] : [recovered(after)])];
    const over = snapshot.text === undefined && world.clock.now() - (snapshot.endedAt ?? Number.POSITIVE_INFINITY) >= day;
    // An expired tombstone may have been swept, at the latest when opening.
    if (!over || found.has(id)) expect(allowed).toContainEqual(found.get(id));
  }
  for (const [id, snapshot] of found) {
    if (acknowledged.has(id)) continue;
    expect(recovered(possible.get(id) ?? snapshot)).toEqual(snapshot);
    expect(possible.has(id)).toBe(true);
    // Of an unreported message, all entries are there or none.
    for (const [other, { messageId }] of possible) if (messageId === snapshot.messageId) expect(found.has(other)).toBe(true);
  }
  return found;
}

/** All entries can be brought to their end, after which only the files of the dead are left. */
async function finish(world: World): Promise<void> {
  for (let round = 0; round < 60; round++) {
    await world.clock.advance(3_600_000);
    const held: string[] = [];
    for await (const { id } of world.spool.list({ state: 'held' })) held.push(id);
    await world.spool.release(held);
    await world.claim('probe');
    await world.settle({ to: 'deferred', after: 0, failure: false, reason: { code: 'CONNECTION_LOST', text: 'Absent twice.' } });
    await world.claim('deliver');
    await world.settle({ to: 'delivered' });
    const counts = await world.spool.counts();
    if (counts.spooled + counts.deferred + counts.held + counts.unconfirmed + counts.delivering === 0) break;
  }
  const before = await snapshotsOf(world);
  for (const { state } of before.values()) expect(['delivered', 'dead', 'cancelled']).toContain(state);
  await world.spool.close();
  await world.restart({ pick: undefined });
  expect(await snapshotsOf(world)).toEqual(before);
  const left = world.disk.files().filter((path) => /\/(waiting|notes|corrupt)\/|\.tmp$/.test(path));
  expect(left).toEqual([]);
}

function isOutage(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause instanceof PowerIsOut) return true;
  return false;
}

/** A message for two audiences. */
export function twoAudiences(messageId: string): NewSpoolEntry[] {
  const parts = { messageId, contentHash: messageId };
  return [
    newEntry(`${messageId}-in`, parts),
    newEntry(`${messageId}-out`, { ...parts, audience: 'federated', recipientsKey: 'carol@fabrikam.com' }),
  ];
}
