import type { Clock } from '../../src/core/clock.ts';
import type {
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  LaneFilter,
  NewSpoolEntry,
  Settlement,
  SpoolContext,
  SpoolEntry,
  SpoolQuery,
  SpoolStorage,
} from '../../src/spool/contract.ts';
import { operations } from './arcs.ts';
import type { TableWatcher } from './table-watcher.ts';

/** The storage calls that can go wrong. */
export const storageCalls = [
  'open',
  'append',
  'claim',
  'renew',
  'settle',
  'expire',
  'nextDue',
  'get',
  'findMessage',
  'hold',
  'release',
  'cancel',
  'requeue',
  'purge',
  'counts',
  'close',
] as const;

export type StorageCall = (typeof storageCalls)[number];

/** Something that happens at a storage call to come: the process dies, or the call rejects, before or after it took effect. */
export interface StorageFault {
  readonly call: StorageCall | 'any';
  readonly what: 'dies' | 'rejects';
  readonly when: 'before' | 'after';
  /** Matching calls that go well until then. */
  countdown: number;
  /** Matching calls in a row that it hits; a process dies once. */
  times: number;
}

/** What the storages of all processes of one run share. */
export interface StorageWorld {
  readonly spool: SpoolStorage;
  readonly watcher: TableWatcher;
  readonly clock: Clock;
  readonly faults: StorageFault[];
  /** Calls so far, for counting them. */
  calls: number;
  inFlight: number;
  /** Something has changed that the watcher has not seen. */
  changed: boolean;
  looking: Promise<void> | undefined;
}

/** A promise of its own each time: one for all would keep whatever ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/**
 * The storage of one process, over a spool that outlives it. After every call that changes something, and while no other call is on its way, the
 * watcher sees all entries. Once the process is dead nothing passes and nothing answers; what had passed takes its effect.
 */
export class FaultyStorage implements SpoolStorage {
  readonly name = 'faulty';
  readonly capabilities: SpoolStorage['capabilities'] = { durable: true, shared: false };
  readonly #world: StorageWorld;
  readonly #died: () => void;
  #dead = false;

  /** @param died Called at the call at which the process dies. */
  constructor(world: StorageWorld, died: () => void) {
    this.#world = world;
    this.#died = died;
  }

  /** Nothing passes any more. Resolves when what had passed is done, and the spool is as a dead process leaves it. */
  async die(): Promise<void> {
    this.#dead = true;
    const world = this.#world;
    while (world.inFlight > 0 || world.looking !== undefined) await (world.looking ?? Promise.resolve());
    await this.#look().catch(() => undefined);
    await this.#world.spool.close();
  }

  async open(context: SpoolContext): Promise<void> {
    const { spool, watcher, clock } = this.#world;
    await this.#call('open', async () => {
      await spool.open(context);
      const [wall, start] = [clock.now(), clock.monotonic()];
      watcher.opened(() => wall + clock.monotonic() - start);
      this.#world.changed = true;
    });
  }

  append(entries: readonly NewSpoolEntry[]) {
    return this.#call('append', async () => {
      const results = await this.#world.spool.append(entries);
      const appended = new Set(results.flatMap(({ status, messageId }) => (status === 'appended' ? [messageId] : [])));
      this.#note(operations.append(entries.filter(({ messageId }) => appended.has(messageId)).map(({ id }) => id)));
      return results;
    });
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#call('claim', async () => {
      const notes = await this.#world.spool.claim(request);
      for (const note of notes) this.#world.watcher.claimed(request.kind, note, request.lease);
      this.#world.changed ||= notes.length > 0;
      return notes;
    });
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#call('renew', async () => {
      const lost = await this.#world.spool.renew(claims, lease);
      this.#world.watcher.renewed(claims, lost, lease);
      return lost;
    });
  }

  settle(settlements: readonly Settlement[]) {
    return this.#call('settle', async () => {
      const result = await this.#world.spool.settle(settlements);
      for (const settlement of settlements) this.#world.watcher.settled(settlement);
      this.#world.changed = true;
      return result;
    });
  }

  expire(request: ExpireRequest): Promise<readonly Change[]> {
    return this.#call('expire', async () => {
      const changes = await this.#world.spool.expire(request);
      if (changes.length > 0) this.#note(operations.expire(changes.map(({ entryId }) => entryId)));
      return changes;
    });
  }

  nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#call('nextDue', () => this.#world.spool.nextDue(lanes));
  }

  get(entryId: string): Promise<SpoolEntry | undefined> {
    return this.#call('get', () => this.#world.spool.get(entryId));
  }

  findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return this.#call('findMessage', () => this.#world.spool.findMessage(messageId));
  }

  list(query?: SpoolQuery): AsyncIterable<SpoolEntry> {
    return this.#world.spool.list(query);
  }

  hold(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('hold', operations.hold(ids), () => this.#world.spool.hold(ids));
  }

  release(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('release', operations.release(ids), () => this.#world.spool.release(ids));
  }

  cancel(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('cancel', operations.cancel(ids), () => this.#world.spool.cancel(ids));
  }

  requeue(ids: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]> {
    const operation = operations.requeue(ids, options?.force === true);
    return this.#act('requeue', operation, () => this.#world.spool.requeue(ids, options));
  }

  purge(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('purge', operations.purge(ids), () => this.#world.spool.purge(ids));
  }

  counts() {
    return this.#call('counts', () => this.#world.spool.counts());
  }

  close(): Promise<void> {
    return this.#call('close', async () => {
      await this.#look();
      await this.#world.spool.close();
    });
  }

  #act<Result>(call: StorageCall, operation: Parameters<TableWatcher['note']>[0], run: () => Promise<Result>): Promise<Result> {
    return this.#call(call, async () => {
      const result = await run();
      this.#note(operation);
      return result;
    });
  }

  #note(operation: Parameters<TableWatcher['note']>[0]): void {
    this.#world.watcher.note(operation);
    this.#world.changed = true;
  }

  async #call<Result>(call: StorageCall, run: () => Promise<Result>): Promise<Result> {
    const world = this.#world;
    while (world.looking !== undefined) await world.looking;
    try {
      if (this.#dead) return await never();
      world.calls += 1;
      const fault = this.#takeFault(call);
      if (fault?.when === 'before') this.#strike(fault);
      world.inFlight += 1;
      const result = await run().finally(() => {
        world.inFlight -= 1;
      });
      if (fault !== undefined) this.#strike(fault);
      return result;
    } finally {
      // Nothing that follows from a call happens before the watcher has seen what the call did.
      while (!this.#dead && (world.changed || world.looking !== undefined) && call !== 'close') {
        await (world.looking ?? (world.inFlight === 0 ? this.#look() : Promise.resolve()));
      }
      if (this.#dead) await never();
    }
  }

  #takeFault(call: StorageCall): StorageFault | undefined {
    const { faults } = this.#world;
    const matching = faults.filter((fault) => fault.call === 'any' || fault.call === call);
    const struck = matching.find(({ countdown }) => countdown === 0);
    for (const fault of matching) if (fault.countdown > 0) fault.countdown -= 1;
    if (struck !== undefined && --struck.times <= 0) faults.splice(faults.indexOf(struck), 1);
    return struck;
  }

  #strike({ what }: StorageFault): void {
    if (what === 'dies') {
      this.#dead = true;
      this.#died();
    }
    throw new Error('The storage is away.');
  }

  #look(): Promise<void> {
    const world = this.#world;
    world.looking ??= this.#show().finally(() => {
      world.looking = undefined;
    });
    return world.looking;
  }

  async #show(): Promise<void> {
    const { spool, watcher } = this.#world;
    this.#world.changed = false;
    const shown: SpoolEntry[] = [];
    for await (const entry of spool.list()) shown.push(entry);
    watcher.observe(shown);
  }
}
