import type { Clock } from '../core/clock.ts';
import { missing } from '../core/errors/missing.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry, SpoolStorage } from '../spool/contract.ts';

/** How much a spool may hold before `send()` rejects with `SPOOL_FULL`. */
export interface HighWater {
  /** Entries whose text is kept: all but delivered and cancelled ones. Dead entries count until they are purged; a message to both audiences is two entries. @default no limit */
  readonly entries?: number | undefined;
  /**
   * Bytes, as the spool counts them: SqliteSpool reports how much of its file is in use, including tombstones and indexes; the others add up the messages they
   * keep. @default no limit
   */
  readonly bytes?: number | undefined;
}

/** ms for which the size that the spool reported counts, apart from what this sender has appended since. */
const freshFor = 1_000;

interface Amount {
  entries: number;
  bytes: number;
}

type Counted = Pick<SpoolStorage, 'counts' | 'usage' | 'findMessage'>;

/**
 * Back-pressure: `send()` rejects rather than fill the disk. The size of the spool is read at most once per second, and this sender's own appends are added in
 * between: a single process never exceeds the mark, and several exceed it by at most what the others append within a second. Room that deliveries make is
 * noticed within a second.
 */
export class HighWaterMark {
  readonly #limits: HighWater;
  readonly #storage: Counted;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #held: Amount = { entries: 0, bytes: 0 };
  /** Appended since then, or on the way to the spool. */
  #since: Amount = { entries: 0, bytes: 0 };
  #onTheWay: Amount = { entries: 0, bytes: 0 };
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(limits: HighWater, storage: Counted, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits;
    this.#storage = storage;
    this.#clock = clock;
  }

  /**
   * Reserves room for the entries of one message. Call the returned function with the result of their append; `undefined` if there is none. A repeated message
   * needs no room.
   *
   * @throws {OfflineImError} `SPOOL_FULL`
   */
  async admit(entries: readonly NewSpoolEntry[]): Promise<(result: AppendResult | undefined) => void> {
    const amount = { entries: entries.length, bytes: entries.reduce((sum, { weight }) => sum + weight, 0) };
    if (this.#clock.monotonic() - this.#askedAt >= freshFor) await this.#ask();
    const full = this.#beyond(amount);
    if (full !== undefined) {
      const { messageId } = entries[0] ?? missing('The first entry of a message');
      if ((await this.#storage.findMessage(messageId)).length > 0) return () => {};
      const { what, held, limit } = full;
      const text = `The spool holds ${held} ${what} and may hold ${limit}; the message was not kept. Send it again when the spool has drained.`;
      throw new OfflineImError('SPOOL_FULL', text, { details: { messageId, [what]: held, limit } });
    }
    add(this.#since, amount, 1);
    add(this.#onTheWay, amount, 1);
    return (result) => {
      add(this.#onTheWay, amount, -1);
      const kept = result === undefined || result.status === 'appended' || (result.status === 'failed' && result.kept !== 'no');
      if (!kept) add(this.#since, amount, -1);
    };
  }

  #beyond(amount: Amount): { readonly what: keyof Amount; readonly held: number; readonly limit: number } | undefined {
    for (const what of ['entries', 'bytes'] as const) {
      const limit = this.#limits[what];
      const held = this.#held[what] + this.#since[what];
      if (limit !== undefined && held + amount[what] > limit) return { what, held, limit };
    }
    return undefined;
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    const at = this.#clock.monotonic();
    // Entries on their way may or may not be in the reported size: rather count them twice than not at all.
    const since = { ...this.#onTheWay };
    const before = { ...this.#since };
    const [{ delivered, cancelled, ...kept }, usage] = await Promise.all([
      this.#storage.counts(),
      this.#limits.bytes === undefined ? undefined : this.#storage.usage?.(),
    ]);
    this.#held = { entries: Object.values(kept).reduce((sum, count) => sum + count, 0), bytes: usage?.bytes ?? 0 };
    this.#since = {
      entries: since.entries + this.#since.entries - before.entries,
      bytes: since.bytes + this.#since.bytes - before.bytes,
    };
    this.#askedAt = at;
  }
}

function add(to: Amount, { entries, bytes }: Amount, times: 1 | -1): void {
  to.entries += times * entries;
  to.bytes += times * bytes;
}

/** @throws {OfflineImError} `OPTION_INVALID` for a limit in bytes with a spool that can't report its size */
export function checkedHighWater(given: HighWater | undefined, storage: SpoolStorage): void {
  if (given?.bytes === undefined || storage.usage !== undefined) return;
  const text = `highWater.bytes needs a spool with usage(), which ${storage.name} doesn't have. Use highWater.entries.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'highWater.bytes' } });
}
