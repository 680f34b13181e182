import { joined } from '../../core/joined.ts';
import { DueQueue } from '../../core/queues.ts';
import type { Circuit, Endpoint, Lane } from './circuit.ts';

interface Owner {
  readonly name: string;
  readonly circuit: Circuit;
}

/** ms for which a trial that found nothing to try is put off, unless its time comes before. */
const putOffFor = 1_000;

/**
 * Lanes, or endpoints, whose circuit does not admit all: what a fleet of others costs nothing to leave out. To be told of whatever happens to a circuit; what time
 * changes it finds itself.
 */
class CircuitIndex<Owned extends Owner> {
  readonly #closed = new Map<string, Owned>();
  readonly #trial = new Map<string, Owned>();
  /** Trials that found nothing to try, by the time from which they are tried again; the first that were put off come first. */
  readonly #putOff = new Map<string, { readonly owner: Owned; readonly until: number }>();
  readonly #changes = new DueQueue();
  #version = 0;

  /** Another number whenever a circuit admits something else than before. */
  get version(): number {
    return this.#version;
  }

  /** Those that admit nothing now. */
  get closed(): Iterable<Owned> {
    return this.#closed.values();
  }

  /** Those that admit a trial which may find something. */
  get trial(): Iterable<Owned> {
    return this.#trial.values();
  }

  /** Those that admit a trial. */
  *admitting(): Iterable<Owned> {
    yield* this.#trial.values();
    for (const { owner } of this.#putOff.values()) yield owner;
  }

  /** How many do not admit all. */
  get size(): number {
    return this.#closed.size + this.trials;
  }

  get trials(): number {
    return this.#trial.size + this.#putOff.size;
  }

  /** Something happened to the circuit. */
  update(owner: Owned, now: number): void {
    const { name, circuit } = owner;
    const admits = circuit.admits(now);
    const before = this.#admitted(name);
    if (admits === 'all' && before === 'all') return;
    this.#changes.set(name, circuit.nextChange(now));
    this.#drop(name);
    if (admits === 'none') this.#closed.set(name, owner);
    if (admits === 'trial') this.#trial.set(name, owner);
    if (admits !== before) this.#version += 1;
  }

  /** It is no more. */
  forget({ name }: Owned): void {
    if (this.#admitted(name) !== 'all') this.#version += 1;
    this.#changes.set(name, undefined);
    this.#drop(name);
  }

  /** Takes in what time has changed. */
  advance(now: number): void {
    for (let name = this.#changes.take(now); name !== undefined; name = this.#changes.take(now)) {
      const owner = this.#closed.get(name) ?? this.#trial.get(name) ?? this.#putOff.get(name)?.owner;
      if (owner !== undefined) this.update(owner, now);
    }
    for (const { owner, until } of this.#putOff.values()) {
      if (until > now) break;
      this.tryAgain(owner);
    }
  }

  /** ms until time changes one. */
  nextChange(now: number): number | undefined {
    const next = this.#changes.peek();
    return next === undefined ? undefined : next - now;
  }

  /** Its trial found nothing to try: not again before a moment has passed, unless {@link tryAgain} says so. */
  putOff(owner: Owned, now: number): void {
    if (this.#trial.delete(owner.name)) this.#putOff.set(owner.name, { owner, until: now + putOffFor });
  }

  /** There may be something to try by now. */
  tryAgain(owner: Owned): void {
    if (this.#putOff.delete(owner.name)) this.#trial.set(owner.name, owner);
  }

  tryAllAgain(): void {
    for (const { owner } of this.#putOff.values()) this.tryAgain(owner);
  }

  #admitted(name: string): 'all' | 'trial' | 'none' {
    if (this.#closed.has(name)) return 'none';
    return this.#trial.has(name) || this.#putOff.has(name) ? 'trial' : 'all';
  }

  #drop(name: string): void {
    this.#closed.delete(name);
    this.#trial.delete(name);
    this.#putOff.delete(name);
  }
}

interface Lists {
  readonly version: number;
  /** Lanes that not even a trial may go to, for the sake of a circuit. */
  readonly closed: readonly string[];
  /** Lanes that a trial may go to, but no batches. */
  readonly trial: readonly string[];
}

/**
 * Which lanes can't be worked on now, kept up with each change: a claim, a settlement or a `send()` costs the same however many mailboxes wait for a server. The
 * lists that it gives stay the same objects until they change, so that spools can tell.
 */
export class Admissions {
  readonly lanes = new CircuitIndex<Lane>();
  readonly endpoints = new CircuitIndex<Endpoint>();
  /** Lanes with as many requests under way as they may have. */
  readonly #busy = new Set<string>();
  #busyList: readonly string[] | undefined;
  /** Lanes by how many requests more each may have. */
  readonly #free = new Map<number, number>();
  #lists: Lists | undefined;
  /** Lanes of closed endpoints that came after the lists were made. */
  #joined: string[] = [];
  #joinedList: readonly string[] | undefined;
  #moves = 0;

  /** Takes in what time has changed. */
  advance(now: number): void {
    this.lanes.advance(now);
    this.endpoints.advance(now);
  }

  /** Lanes that a claim for batches leaves out. */
  notOpen(): readonly string[] {
    const { closed, trial } = this.#made();
    return joined([closed, trial, this.#later(), this.#busyNow()]);
  }

  /** Lanes that nothing can be claimed of. */
  closed(): readonly string[] {
    const { closed } = this.#made();
    return joined([closed, this.#later(), this.#busyNow()]);
  }

  isBusy(lane: Lane): boolean {
    return this.#busy.has(lane.name);
  }

  /** A lane is remembered from now on. */
  joined(lane: Lane, now: number): void {
    this.#countFree(freeOf(lane), 1);
    const admits = lane.endpoint.circuit.admits(now);
    if (admits === 'all') return;
    this.#joined.push(lane.name);
    this.#joinedList = undefined;
    // Now and then all are listed anew, so that what came later stays short.
    const most = 16 + 2 * Math.sqrt((this.#lists?.closed.length ?? 0) + (this.#lists?.trial.length ?? 0));
    if (admits === 'trial' || this.#joined.length > most) this.moved();
  }

  /** A lane is forgotten. */
  left(lane: Lane, now: number): void {
    this.#countFree(freeOf(lane), -1);
    this.#setBusy(lane, false);
    this.lanes.forget(lane);
    if (lane.endpoint.circuit.admits(now) !== 'all') this.moved();
  }

  /** A lane has another endpoint. */
  moved(): void {
    this.#moves += 1;
  }

  /** Changes how many requests of a lane are under way, or may be. */
  count(lane: Lane, change: () => void): void {
    this.#countFree(freeOf(lane), -1);
    change();
    const free = freeOf(lane);
    this.#countFree(free, 1);
    this.#setBusy(lane, free === 0);
  }

  /** Requests that each lane with any to spare may have more, `most` at most. */
  leastFree(most: number): number {
    for (let free = 1; free < most; free++) if ((this.#free.get(free) ?? 0) > 0) return free;
    return most;
  }

  #made(): Lists {
    const version = this.lanes.version + this.endpoints.version + this.#moves;
    if (this.#lists?.version === version) return this.#lists;
    const closed = new Set<string>();
    for (const { lanes } of this.endpoints.closed) for (const name of lanes.keys()) closed.add(name);
    for (const { name } of this.lanes.closed) closed.add(name);
    const trial = new Set<string>();
    for (const { lanes } of this.endpoints.admitting()) for (const name of lanes.keys()) if (!closed.has(name)) trial.add(name);
    for (const { name } of this.lanes.admitting()) if (!closed.has(name)) trial.add(name);
    const lists = { version, closed: [...closed], trial: [...trial] };
    this.#lists = lists;
    this.#joined = [];
    this.#joinedList = undefined;
    return lists;
  }

  #later(): readonly string[] {
    this.#joinedList ??= [...this.#joined];
    return this.#joinedList;
  }

  #busyNow(): readonly string[] {
    this.#busyList ??= [...this.#busy];
    return this.#busyList;
  }

  #setBusy({ name }: Lane, isBusy: boolean): void {
    if (this.#busy.has(name) === isBusy) return;
    if (isBusy) this.#busy.add(name);
    else this.#busy.delete(name);
    this.#busyList = undefined;
  }

  #countFree(free: number, by: 1 | -1): void {
    this.#free.set(free, (this.#free.get(free) ?? 0) + by);
  }
}

function freeOf({ limit, inFlight }: Lane): number {
  return Math.max(0, limit.size - inFlight);
}
