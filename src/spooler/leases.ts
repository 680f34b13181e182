import type { Clock } from '../core/clock.ts';
import type { ClaimToken, SpoolStorage } from '../spool/contract.ts';

/** What {@link Leases} is made of; durations in ms. */
export interface LeasesContext {
  readonly clock: Clock;
  readonly storage: Pick<SpoolStorage, 'renew'>;
  readonly lease: number;
  readonly renewEvery: number;
  /** A renewal failed, or told that claims are lost. */
  onTrouble(error: unknown, lost: readonly ClaimToken[]): void;
}

/** Keeps the leases of what is at work, and knows how much of each is left. */
export class Leases {
  readonly #context: LeasesContext;
  /** Until when (monotonic) a claim is certainly ours. */
  readonly #until = new Map<ClaimToken, number>();
  #cancelTimer: (() => void) | undefined;
  #renewing = false;
  #closed = false;

  constructor(context: LeasesContext) {
    this.#context = context;
  }

  /** @param claimedAt Monotonic time at which the claim was asked for: the lease began no earlier. */
  add(tokens: readonly ClaimToken[], claimedAt: number): void {
    for (const token of tokens) this.#until.set(token, claimedAt + this.#context.lease);
    this.#schedule();
  }

  remove(tokens: readonly ClaimToken[]): void {
    for (const token of tokens) this.#until.delete(token);
    if (this.#until.size === 0) this.#rest();
  }

  /** ms that are certainly left of all of these. */
  left(tokens: readonly ClaimToken[]): number {
    const now = this.#context.clock.monotonic();
    return tokens.reduce((least, token) => Math.min(least, (this.#until.get(token) ?? 0) - now), Number.POSITIVE_INFINITY);
  }

  /** Nothing is renewed any more, whatever is still at work: the storage is about to be closed. */
  close(): void {
    this.#closed = true;
    this.#rest();
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#closed) return;
    this.#cancelTimer = this.#context.clock.setTimer(() => {
      this.#cancelTimer = undefined;
      void this.#renew();
    }, this.#context.renewEvery);
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const askedAt = this.#context.clock.monotonic();
    const tokens = [...this.#until.keys()];
    try {
      const lost = await this.#context.storage.renew(tokens, this.#context.lease);
      for (const token of tokens) if (this.#until.has(token)) this.#until.set(token, askedAt + this.#context.lease);
      // What was settled meanwhile is lost too, and nobody's any more.
      for (const token of lost) if (this.#until.has(token)) this.#until.set(token, 0);
      if (lost.length > 0) this.#context.onTrouble(undefined, lost);
    } catch (error) {
      this.#context.onTrouble(error, []);
    } finally {
      this.#renewing = false;
      if (this.#until.size > 0) this.#schedule();
    }
  }
}
