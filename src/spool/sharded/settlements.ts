import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import type { Change, ClaimToken, Refreeze, Settlement, SettleResult } from '../contract.ts';
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
  readonly #late: (changes: readonly Change[]) => void;
  readonly #untold: Untold[] = [];

  /** @param late Called with changes that no caller waits for. */
  constructor(named: (name: string) => Shard | undefined, late: (changes: readonly Change[]) => void) {
    this.#named = named;
    this.#late = late;
  }

  /**
   * Claims of a shard that fails are not renewed: on it, others take them over in the end.
   *
   * @throws {OfflineImError} `SPOOL_FAILED` where a shard fails; its `details.renewed` are the claims that the others have renewed
   */
  async renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    const { groups, unknown } = this.#byShard(claims.map((token) => ({ token })));
    const lost = new Set(unknown);
    const renewed: ClaimToken[] = [];
    const errors: unknown[] = [];
    const asking = groups.map(async ({ shard, items }) => {
      const tokens = items.map(({ token }) => token);
      try {
        const gone = new Set(await shard.ask((storage) => storage.renew(tokens, lease)));
        for (const token of tokens) {
          const named = `${shard.name}/${token}`;
          if (gone.has(token)) lost.add(named);
          else renewed.push(named);
        }
      } catch (error) {
        errors.push(error);
      }
    });
    await Promise.all(asking);
    if (errors.length === 0) return [...lost];
    const text = 'A shard could not renew its claims; those of the others were renewed.';
    throw new OfflineImError('SPOOL_FAILED', text, { cause: asError(errors[0]), details: { renewed, lost: [...lost] } });
  }

  /** Claims of a shard that fails, or is late, count as lost, so that the others go on; in the end their leases lapse. Rejects where every shard fails. */
  async refreeze(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
    const { groups, unknown } = this.#byShard(notes);
    const errors: unknown[] = [];
    const answers = await Promise.all(
      groups.map(async ({ shard, items }) => {
        const all = items.map(({ token }) => token);
        const asked = shard.ask(async (storage) => (await storage.refreeze?.(items)) ?? all);
        const { answer = all } = (await shard.briefly(asked).catch((error: unknown) => void errors.push(error))) ?? {};
        return answer.map((token) => `${shard.name}/${token}`);
      }),
    );
    if (groups.length > 0 && errors.length === groups.length) throw errors[0];
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
        const asked = shard.ask((storage) => storage.settle(items));
        const { lost, changes } = await (items.every(({ to }) => to === 'unclaim') ? this.#givenBack(shard, asked) : asked);
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

  /** A round of claims waits for what it gives back, and one shard must not hold up those for the others. */
  async #givenBack(shard: Shard, asked: Promise<SettleResult>): Promise<SettleResult> {
    const settled = await shard.briefly(asked, ({ changes }) => this.#late(changes));
    if (settled !== undefined) return settled.answer;
    throw new OfflineImError('SPOOL_FAILED', `The shard ${shard.name} has not taken notes back yet.`);
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

/** Asks the shards of these claims, or all of them: one that is closed, or was taken, keeps no request for the others from being written. */
export function isOwnerOf(shards: readonly Shard[], claims?: readonly ClaimToken[]): boolean {
  const named = claims && new Set(claims.map((token) => splitToken(token).name));
  return shards.every(({ name, storage }) => named?.has(name) === false || (storage.isOwner?.() ?? true));
}
