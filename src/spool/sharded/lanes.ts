import { joined, PartMap } from '../../core/joined.ts';
import type { LaneFilter } from '../contract.ts';
import type { Shard } from './shard.ts';

const none: readonly string[] = [];

/** Knows which lanes belong to which shard. Thousands of mailboxes that are left out again and again are divided once, so that each shard gets the same list each time. */
export class ShardLanes {
  readonly #shardOf: (lane: string) => Shard;
  readonly #shares = new PartMap((part) => this.#shared(part));

  constructor(shardOf: (lane: string) => Shard) {
    this.#shardOf = shardOf;
  }

  /** A filter for the lanes of one shard. */
  of(shard: Shard, lanes: LaneFilter | undefined): LaneFilter | undefined {
    // Before a shard was added, what was spooled for these came to another one.
    if (lanes === undefined || 'only' in lanes) return lanes;
    return { except: joined(this.#shares.of(lanes.except).map((share) => share.get(shard) ?? none)) };
  }

  #shared(part: readonly string[]): ReadonlyMap<Shard, readonly string[]> {
    const shares = new Map<Shard, string[]>();
    for (const lane of part) {
      const shard = this.#shardOf(lane);
      const share = shares.get(shard);
      if (share === undefined) shares.set(shard, [lane]);
      else share.push(lane);
    }
    return shares;
  }
}
