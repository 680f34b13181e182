import { DueQueue } from '../../core/queues.ts';
import type { Circuit } from './circuit.ts';

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
export class CircuitIndex<Owned extends Owner> {
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
