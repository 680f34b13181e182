import { setImmediate as nextTurn } from 'node:timers/promises';
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
import { type Operation, operations } from './arcs.ts';
import type { Disk } from './disk.ts';
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

/** A fault at a future storage call: the process dies, or the call rejects, before or after it took effect. */
export interface StorageFault {
  readonly call: StorageCall | 'any';
  readonly what: 'dies' | 'rejects';
  readonly when: 'before' | 'after';
  /** Number of matching calls that succeed before it. */
  countdown: number;
  /** Number of consecutive matching calls affected; a process dies once. */
  times: number;
}

/** State shared by the storages of all processes in a run. */
export interface StorageWorld {
  readonly disk: Disk;
  readonly watcher: TableWatcher;
  readonly clock: Clock;
  /** Turns of the event loop until the next response. */
  latency(): number;
  readonly faults: StorageFault[];
  /** Number of calls so far. */
  calls: number;
  inFlight: number;
  /** Something has changed that the watcher has not seen. */
  changed: boolean;
  looking: Promise<void> | undefined;
}

/** A new promise each time: a shared one would retain everything that ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/**
 * The storage of one process, over a spool that outlives it. After every call that changes something, and while no other call is
 * in progress, the watcher sees all entries. Once the process is dead, no call passes and none is answered; calls that had passed
 * take effect.
 */
export class FaultyStorage implements SpoolStorage {
  readonly name = 'faulty';
  readonly capabilities: SpoolStorage['capabilities'];
  readonly #world: StorageWorld;
  readonly #spool: SpoolStorage;
  readonly #died: () => void;
  /** Calls that the spool has not answered. */
  readonly #asked = new Set<readonly Operation[]>();
  #dead = false;

  /** @param died Called at the call at which the process dies. */
  constructor(world: StorageWorld, died: () => void) {
    this.#world = world;
    this.#died = died;
    this.#spool = world.disk.begin(() => {
      this.cut();
      died();
    });
    this.capabilities = { durable: true, shared: this.#spool.capabilities.shared };
  }

  /** No more calls pass. */
  cut(): void {
    this.#dead = true;
  }

  /** Resolves when the spool is as a dead process leaves it: in the middle of the calls that had passed, or with all of them done. */
  async die(): Promise<void> {
    this.cut();
    const world = this.#world;
    if (world.disk.endsHalfway) {
      // Whether they took effect is seen by the next process.
      for (const operation of [...this.#asked].flat()) this.#note(operation);
      world.inFlight = 0;
      world.looking = undefined;
      await world.disk.end();
      return;
    }
    while (world.inFlight > 0 || world.looking !== undefined) await (world.looking ?? nextTurn());
    await this.#look().catch(() => undefined);
    await world.disk.end();
  }

  async open(context: SpoolContext): Promise<void> {
    const { watcher, clock } = this.#world;
    await this.#call('open', async () => {
      await this.#spool.open(context);
      const [wall, start] = [clock.now(), clock.monotonic()];
      watcher.opened(() => wall + clock.monotonic() - start);
      this.#world.changed = true;
    });
  }

  append(entries: readonly NewSpoolEntry[]) {
    const all = [operations.append(entries.map(({ id }) => id))];
    return this.#ask(all, 'append', async () => {
      const results = await this.#unlessDead(this.#spool.append(entries));
      const appended = new Set(results.flatMap(({ status, messageId }) => (status === 'appended' ? [messageId] : [])));
      this.#note(operations.append(entries.filter(({ messageId }) => appended.has(messageId)).map(({ id }) => id)));
      return results;
    });
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#ask(operations.maybeClaimed, 'claim', async () => {
      const notes = await this.#unlessDead(this.#spool.claim(request));
      for (const note of notes) this.#world.watcher.claimed(request.kind, note, request.lease);
      this.#world.changed ||= notes.length > 0;
      return notes;
    });
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#call('renew', async () => {
      const lost = await this.#unlessDead(this.#spool.renew(claims, lease));
      this.#world.watcher.renewed(claims, lost, lease);
      return lost;
    });
  }

  settle(settlements: readonly Settlement[]) {
    return this.#ask(this.#world.watcher.settling(settlements), 'settle', async () => {
      const result = await this.#unlessDead(this.#spool.settle(settlements));
      for (const settlement of settlements) this.#world.watcher.settled(settlement);
      this.#world.changed = true;
      return result;
    });
  }

  expire(request: ExpireRequest): Promise<readonly Change[]> {
    return this.#ask(operations.maybeExpired, 'expire', async () => {
      const changes = await this.#unlessDead(this.#spool.expire(request));
      if (changes.length > 0) this.#note(operations.expire(changes.map(({ entryId }) => entryId)));
      return changes;
    });
  }

  nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#call('nextDue', () => this.#spool.nextDue(lanes));
  }

  get(entryId: string): Promise<SpoolEntry | undefined> {
    return this.#call('get', () => this.#spool.get(entryId));
  }

  findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return this.#call('findMessage', () => this.#spool.findMessage(messageId));
  }

  list(query?: SpoolQuery): AsyncIterable<SpoolEntry> {
    return this.#spool.list(query);
  }

  hold(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('hold', operations.hold(ids), () => this.#spool.hold(ids));
  }

  release(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('release', operations.release(ids), () => this.#spool.release(ids));
  }

  cancel(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('cancel', operations.cancel(ids), () => this.#spool.cancel(ids));
  }

  requeue(ids: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]> {
    const operation = operations.requeue(ids, options?.force === true);
    return this.#act('requeue', operation, () => this.#spool.requeue(ids, options));
  }

  purge(ids: readonly string[]): Promise<readonly Change[]> {
    return this.#act('purge', operations.purge(ids), () => this.#spool.purge(ids));
  }

  counts() {
    return this.#call('counts', () => this.#spool.counts());
  }

  close(): Promise<void> {
    return this.#call('close', async () => {
      await this.#look();
      await this.#spool.close();
    });
  }

  #act<Result>(call: StorageCall, operation: Parameters<TableWatcher['note']>[0], run: () => Promise<Result>): Promise<Result> {
    return this.#ask([operation], call, async () => {
      const result = await this.#unlessDead(run());
      this.#note(operation);
      return result;
    });
  }

  #note(operation: Parameters<TableWatcher['note']>[0]): void {
    this.#world.watcher.note(operation);
    this.#world.changed = true;
  }

  /** A process that died meanwhile gets no response: its spool may continue by itself, as with a new file when its own was removed. */
  async #unlessDead<Result>(answer: Promise<Result>): Promise<Result> {
    const result = await answer;
    return this.#dead && this.#world.disk.endsHalfway ? never() : result;
  }

  /** `what`: all possible results if its response is not seen. */
  #ask<Result>(what: readonly Operation[], call: StorageCall, run: () => Promise<Result>): Promise<Result> {
    return this.#call(call, async () => {
      const asked = [...what];
      this.#asked.add(asked);
      const result = await run();
      this.#asked.delete(asked);
      return result;
    });
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
        if (!this.#dead || !world.disk.endsHalfway) world.inFlight -= 1;
      });
      for (let turns = world.latency(); turns > 0; turns--) await nextTurn();
      if (fault !== undefined) this.#strike(fault);
      return result;
    } finally {
      // Nothing that follows from a call happens before the watcher has seen its effect.
      while (!this.#dead && (world.changed || world.looking !== undefined) && call !== 'close') {
        await (world.looking ?? (world.inFlight === 0 ? this.#look() : nextTurn()));
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
    if (world.looking !== undefined) return world.looking;
    const looking = this.#show().finally(() => {
      if (world.looking === looking) world.looking = undefined;
    });
    world.looking = looking;
    return looking;
  }

  async #show(): Promise<void> {
    const { watcher } = this.#world;
    this.#world.changed = false;
    const shown: SpoolEntry[] = [];
    for await (const entry of this.#spool.list()) shown.push(entry);
    if (!this.#dead || !this.#world.disk.endsHalfway) watcher.observe(shown);
  }
}
