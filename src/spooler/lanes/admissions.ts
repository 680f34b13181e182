import { joined } from '../../core/joined-lists.ts';
import { CircuitIndex } from './circuit-index.ts';
import type { Endpoint, Lane } from './lane-state.ts';

interface Lists {
  readonly version: number;
  /** Lanes that a claim for batches leaves out for the sake of a circuit. */
  readonly notOpen: readonly string[];
  /** Those of them that not even a trial may go to. */
  readonly closed: readonly string[];
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
    const { notOpen } = this.#made();
    return joined([notOpen, this.#later(), this.#busyNow()]);
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
    const most = 16 + 2 * Math.sqrt(this.#lists?.notOpen.length ?? 0);
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
    const lists = { version, closed: [...closed], notOpen: [...closed] };
    if (this.endpoints.trials + this.lanes.trials === 0) lists.notOpen = lists.closed;
    else {
      for (const { lanes } of this.endpoints.admitting()) for (const name of lanes.keys()) closed.add(name);
      for (const { name } of this.lanes.admitting()) closed.add(name);
      lists.notOpen = [...closed];
    }
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
