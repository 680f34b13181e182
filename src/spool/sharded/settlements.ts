import type { ClaimToken, Refreeze, Settlement, SettleResult } from '../contract.ts';
import { splitToken } from './claims.ts';
import type { Shard } from './shard.ts';

/** The answers of some shards while another one failed, kept until the call is repeated. */
interface Untold {
  readonly tokens: ReadonlySet<ClaimToken>;
  readonly settled: SettleResult;
}

/** How many answers are kept at most: a loop that gives up never repeats its call. */
const mostUntold = 1_000;

/** Passes on calls about claims, whose tokens begin with the name of a shard. */
export class Settlements {
  readonly #named: (name: string) => Shard | undefined;
  readonly #untold: Untold[] = [];

  constructor(named: (name: string) => Shard | undefined) {
    this.#named = named;
  }

  /** Where a shard fails, its claims count as renewed: its next answer tells whether they are. */
  async renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    const { groups, unknown } = this.#byShard(claims.map((token) => ({ token })));
    const answers = await Promise.allSettled(
      groups.map(async ({ shard, items }) => {
        const lost = await shard.ask((storage) =>
          storage.renew(
            items.map(({ token }) => token),
            lease,
          ),
        );
        return lost.map((token) => `${shard.name}/${token}`);
      }),
    );
    return [...unknown, ...answersOf(answers)];
  }

  async refreeze(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
    const { groups, unknown } = this.#byShard(notes);
    const answers = await Promise.all(
      groups.map(async ({ shard, items }) => {
        const lost = await shard.ask(async (storage) => (await storage.refreeze?.(items)) ?? items.map(({ token }) => token));
        return lost.map((token) => `${shard.name}/${token}`);
      }),
    );
    return [...unknown, ...answers.flat()];
  }

  /** Rejects while a shard fails. Repeated, it resolves with what the others answered before, and asks only that shard again. */
  async settle(settlements: readonly Settlement[]): Promise<SettleResult> {
    const told: SettleResult[] = [];
    const before = new Set<ClaimToken>();
    const asked = new Set(settlements.map(({ token }) => token));
    for (const one of this.#untold.splice(0)) {
      if (![...one.tokens].some((token) => asked.has(token))) {
        this.#untold.push(one);
        continue;
      }
      told.push(one.settled);
      for (const token of one.tokens) before.add(token);
    }
    const { groups, unknown } = this.#byShard(settlements.filter(({ token }) => !before.has(token)));
    const errors: unknown[] = [];
    const asking = groups.map(async ({ shard, items }) => {
      try {
        const { lost, changes } = await shard.ask((storage) => storage.settle(items));
        const settled = { lost: lost.map((token) => `${shard.name}/${token}`), changes };
        told.push(settled);
        for (const { token } of items) before.add(`${shard.name}/${token}`);
      } catch (error) {
        errors.push(error);
      }
    });
    await Promise.all(asking);
    const settled = { lost: [...unknown, ...told.flatMap(({ lost }) => lost)], changes: told.flatMap(({ changes }) => changes) };
    if (errors.length === 0) return settled;
    if (before.size > 0)
      this.#untold.push({ tokens: before, settled: { ...settled, lost: settled.lost.filter((token) => before.has(token)) } });
    this.#untold.splice(0, Math.max(0, this.#untold.length - mostUntold));
    throw errors[0];
  }

  #byShard<Item extends { readonly token: ClaimToken }>(items: readonly Item[]) {
    const byShard = new Map<Shard, Item[]>();
    const unknown: ClaimToken[] = [];
    for (const item of items) {
      const { name, token } = splitToken(item.token);
      const shard = this.#named(name);
      if (shard === undefined) {
        unknown.push(item.token);
        continue;
      }
      const own = byShard.get(shard) ?? [];
      own.push({ ...item, token });
      byShard.set(shard, own);
    }
    return { groups: [...byShard].map(([shard, own]) => ({ shard, items: own })), unknown };
  }
}

function answersOf(answers: readonly PromiseSettledResult<readonly ClaimToken[]>[]): ClaimToken[] {
  const failed = answers.find((one) => one.status === 'rejected');
  if (failed?.status === 'rejected' && answers.every(({ status }) => status === 'rejected')) throw failed.reason;
  return answers.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
}
