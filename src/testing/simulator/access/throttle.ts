import type { Clock } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { FrontResponse } from '../http/front.ts';
import { EwsFault, EwsItemError } from '../xml/ews-errors.ts';

/** How much an account may do: so much at once, and so much again with each minute. */
export interface Budget {
  /** What may be used at once, and what it recovers to. */
  readonly burst: number;
  /** What comes back in a minute of the exchange's clock. */
  readonly perMinute: number;
}

/** The limits of each account, by the mailbox it acts for. */
export interface ThrottlingOptions {
  /** EWS requests. Beyond it: the fault `ErrorServerBusy` with the ms after which one more is let in. @default no limit */
  readonly requests?: Budget;
  /** Messages that it sends by EWS. Beyond it: `ErrorServerBusy` for the item, with its back-off; the rest of the batch goes on. @default no limit */
  readonly messages?: Budget;
  /** EWS requests under way at a time, open streams included. One more: the fault `ErrorExceededConnectionCount`. @default no limit */
  readonly concurrency?: number;
  /** Subscriptions. One more: `ErrorExceededSubscriptionCount`. @default no limit */
  readonly subscriptions?: number;
}

/** Keeps the accounts of an exchange within their limits. */
export class Throttle {
  readonly #limits: ThrottlingOptions;
  readonly #clock: Clock;
  readonly #requests = new Map<string, Bucket>();
  readonly #messages = new Map<string, Bucket>();
  readonly #underWay = new Map<string, number>();

  constructor(limits: ThrottlingOptions, clock: Clock) {
    for (const [name, budget] of [
      ['requests', limits.requests],
      ['messages', limits.messages],
    ] as const) {
      if (budget === undefined) continue;
      if (budget.burst >= 1 && budget.perMinute > 0 && Number.isFinite(budget.burst + budget.perMinute)) continue;
      throw new OfflineImError('OPTION_INVALID', `throttling.${name} must be { burst, perMinute }: at least 1, and more than 0.`);
    }
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Counts a request as under way until what it returns is called; undefined for one too many. */
  enter(account: string): (() => void) | undefined {
    const { concurrency } = this.#limits;
    if (concurrency === undefined || account === '') return () => undefined;
    const now = this.#underWay.get(account) ?? 0;
    if (now >= concurrency) return undefined;
    this.#underWay.set(account, now + 1);
    let under = true;
    return () => {
      if (under) this.#underWay.set(account, (this.#underWay.get(account) ?? 1) - 1);
      under = false;
    };
  }

  /** Throws the fault of a request beyond the budget. */
  request(account: string): void {
    const wait = this.#take(this.#requests, this.#limits.requests, account);
    if (wait > 0) throw new EwsFault('ErrorServerBusy', undefined, { backOff: wait });
  }

  /** Throws the error of a message beyond the budget. */
  message(account: string): void {
    const wait = this.#take(this.#messages, this.#limits.messages, account);
    if (wait > 0) throw new EwsItemError('ErrorServerBusy', undefined, wait);
  }

  /** Throws where an account that has so many subscriptions may not have one more. */
  subscription(having: number): void {
    if (having >= (this.#limits.subscriptions ?? Number.POSITIVE_INFINITY))
      throw new EwsItemError('ErrorExceededSubscriptionCount');
  }

  /** Budgets are whole again. What is under way goes on counting. */
  reset(): void {
    this.#requests.clear();
    this.#messages.clear();
  }

  /** Remembers what is left of the budgets; the function returned brings it back, whatever time has passed. What is under way goes on counting. */
  snapshot(): () => void {
    const now = this.#clock.monotonic();
    const kept = [this.#requests, this.#messages].map((buckets) => ({
      buckets,
      left: [...buckets].map(([account, bucket]) => [account, bucket.left(now)] as const),
    }));
    return () => {
      const then = this.#clock.monotonic();
      for (const { buckets, left } of kept) {
        const budget = buckets === this.#requests ? this.#limits.requests : this.#limits.messages;
        buckets.clear();
        if (budget !== undefined) for (const [account, some] of left) buckets.set(account, new Bucket(budget, then, some));
      }
    };
  }

  #take(buckets: Map<string, Bucket>, budget: Budget | undefined, account: string): number {
    if (budget === undefined) return 0;
    const bucket = buckets.get(account) ?? new Bucket(budget, this.#clock.monotonic());
    buckets.set(account, bucket);
    return bucket.take(this.#clock.monotonic());
  }
}

/** What is left of a budget. */
class Bucket {
  readonly #budget: Budget;
  #left: number;
  #at: number;

  constructor(budget: Budget, now: number, left = budget.burst) {
    this.#budget = budget;
    this.#left = left;
    this.#at = now;
  }

  /** What is left of it by then. */
  left(now: number): number {
    const { burst, perMinute } = this.#budget;
    return Math.min(burst, this.#left + (Math.max(0, now - this.#at) * perMinute) / 60_000);
  }

  /** Takes one, or says in how many ms there will be one. */
  take(now: number): number {
    const { perMinute } = this.#budget;
    this.#left = this.left(now);
    this.#at = now;
    const wait = ((1 - this.#left) * 60_000) / perMinute;
    // Less than a thousandth of a ms is no more than what fractions add up to.
    if (wait > 0.001) return Math.ceil(wait - 0.001);
    this.#left = Math.max(0, this.#left - 1);
    return 0;
  }
}

/** The response; `over` is called at once, or for a stream once it has ended or its client has gone. */
export function whenOver(response: FrontResponse, over: (() => void) | undefined): FrontResponse {
  if (response.kind !== 'stream') over?.();
  if (response.kind !== 'stream' || over === undefined) return response;
  const ended: typeof response.open = (sink) => {
    const gone = response.open({
      write: (text) => sink.write(text),
      end: () => {
        over();
        sink.end();
      },
    });
    return () => {
      over();
      gone();
    };
  };
  return { ...response, open: ended };
}
