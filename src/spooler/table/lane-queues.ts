import type { LaneFilter } from '../../spool/contract.ts';
import { DueQueue } from '../../spool/journaled/due-queues.ts';

/**
 * What waits, by lane and due time. Lanes come in the order in which they were last served, so that none with much to do starves
 * the others; a lane in which nothing waits any more is dropped.
 */
export class LaneQueues {
  readonly #queues = new Map<string, DueQueue>();

  /** Puts a key, or moves it; `undefined` takes it out. */
  set(lane: string, key: string, at: number | undefined): void {
    let queue = this.#queues.get(lane);
    if (queue === undefined) {
      if (at === undefined) return;
      queue = new DueQueue();
      this.#queues.set(lane, queue);
    }
    queue.set(key, at);
    if (queue.size === 0) this.#queues.delete(lane);
  }

  get(lane: string): DueQueue | undefined {
    return this.#queues.get(lane);
  }

  /** Lanes in which something waits, those that were served longest ago first. */
  lanes(filter?: LaneFilter): readonly string[] {
    const lanes = [...this.#queues.keys()];
    if (filter === undefined) return lanes;
    const named = new Set('only' in filter ? filter.only : filter.except);
    return lanes.filter((lane) => named.has(lane) === 'only' in filter);
  }

  /** That lane was served: the others come first. */
  served(lane: string): void {
    const queue = this.#queues.get(lane);
    if (queue === undefined) return;
    this.#queues.delete(lane);
    this.#queues.set(lane, queue);
  }

  /** The earliest due time of those lanes. */
  earliest(filter?: LaneFilter): number | undefined {
    let earliest: number | undefined;
    for (const lane of this.lanes(filter)) {
      const at = this.#queues.get(lane)?.peek();
      if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
    }
    return earliest;
  }
}
