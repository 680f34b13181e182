import { joined } from '../../core/joined.ts';
import { DueQueue } from '../../core/queues.ts';
import type { Circuit, Endpoint, Lane } from './circuit.ts';

interface Owner {
  readonly name: string;
  readonly circuit: Circuit;
}

/** ms for which a trial that found nothing to try is put off, unless something may be due earlier. */
const putOffFor = 1_000;

/**
 * The lanes, or endpoints, whose circuits don't admit everything, so that the rest of a fleet costs nothing. Call {@link update} when something happens to a circuit;
 * {@link advance} finds what time changes.
 */
class CircuitIndex<Owned extends Owner> {
  readonly #closed = new Map<string, Owned>();
  readonly #trial = new Map<string, Owned>();
  /** Trials that found nothing to try, with the time from which they are tried again, in the order of that time. */
  readonly #putOff = new Map<string, { readonly owner: Owned; readonly until: number }>();
  readonly #changes = new DueQueue();
  #version = 0;

  /** Changes whenever a circuit admits something other than before. */
  get version(): number {
    return this.#version;
  }

  /** Those that admit nothing now. */
  get closed(): Iterable<Owned> {
    return this.#closed.values();
  }

  /** Those that admit a trial, and may have something to try. */
  get trial(): Iterable<Owned> {
    return this.#trial.values();
  }

  /** Those that admit a trial. */
  *admitting(): Iterable<Owned> {
    yield* this.#trial.values();
    for (const { owner } of this.#putOff.values()) yield owner;
  }

  /** How many don't admit everything. */
  get size(): number {
    return this.#closed.size + this.trials;
  }

  get trials(): number {
    return this.#trial.size + this.#putOff.size;
  }

  /** Call it when something happened to the circuit. */
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

  /** It no longer exists. */
  forget({ name }: Owned): void {
    if (this.#admitted(name) !== 'all') this.#version += 1;
    this.#changes.set(name, undefined);
    this.#drop(name);
  }

  /** Applies what time has changed. */
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

  /** ms until time changes one of them. */
  nextChange(now: number): number | undefined {
    const next = this.#changes.peek();
    return next === undefined ? undefined : next - now;
  }

  /** Its trial found nothing to try: it is not tried again for a moment, unless {@link tryAgain} is called. */
  putOff(owner: Owned, now: number): void {
    if (this.#trial.delete(owner.name)) this.#putOff.set(owner.name, { owner, until: now + putOffFor });
  }

  /** It may have something to try by now. */
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
  /** Lanes whose circuits don't even admit a trial. */
  readonly closed: readonly string[];
  /** Lanes that admit a trial, but no batches. */
  readonly trial: readonly string[];
}

/**
 * The lanes that can't be worked on now. It is updated with each change, so that a claim, a settlement or a `send()` costs the same however many mailboxes wait for a
 * server. The lists it returns stay the same objects until they change, which spools rely on.
 */
export class Admissions {
  readonly lanes = new CircuitIndex<Lane>();
  readonly endpoints = new CircuitIndex<Endpoint>();
  /** Lanes with as many requests in flight as they may have. */
  readonly #busy = new Set<string>();
  #busyList: readonly string[] | undefined;
  /** The number of lanes by how many more requests each may have. */
  readonly #free = new Map<number, number>();
  #lists: Lists | undefined;
  /** Lanes of closed endpoints that were added after the lists were made. */
  #joined: string[] = [];
  #joinedList: readonly string[] | undefined;
  #moves = 0;

  /** Applies what time has changed. */
  advance(now: number): void {
    this.lanes.advance(now);
    this.endpoints.advance(now);
  }

  /** Lanes that a claim for batches leaves out. */
  notOpen(): readonly string[] {
    const { closed, trial } = this.#made();
    return joined([closed, trial, this.#later(), this.#busyNow()]);
  }

  /** Lanes of which nothing can be claimed. */
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
    // The lists are made anew now and then, so that the additions stay short.
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

  /** Runs `change`, which changes how many requests a lane has or may have in flight. */
  count(lane: Lane, change: () => void): void {
    this.#countFree(freeOf(lane), -1);
    change();
    const free = freeOf(lane);
    this.#countFree(free, 1);
    this.#setBusy(lane, free === 0);
  }

  /** How many more requests each lane that isn't busy may have, at most `most`. */
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
