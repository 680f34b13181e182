import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import type { Change, ClaimToken, Refreeze, Settlement, SettleResult } from '../contract.ts';
import { splitToken } from './claims.ts';
import type { Shard } from './shard.ts';

/** The answers of some shards while another one failed, or that came late, kept until the call is repeated. */
interface Untold {
  readonly tokens: ReadonlySet<ClaimToken>;
  readonly settled: SettleResult;
  /** Since when, by the monotonic clock. */
  readonly at: number;
}

/** What a shard has not taken back yet. */
interface Pending {
  readonly tokens: ReadonlySet<ClaimToken>;
  readonly asked: Promise<SettleResult>;
  /** How many calls have waited for it: only the last one keeps an answer that is late. */
  calls: number;
}

/** ms for which what a claim writes waits: a shard that is only slow would lose each of its claims, and never deliver. */
const forWrites = 10_000;

/** How many answers are kept at most. */
const mostUntold = 1_000;

/** ms after which nobody repeats a call: longer than the sender waits between two tries. */
const repeatedWithin = 30_000;

/** Passes on calls about claims, whose tokens begin with the name of a shard. */
export class Settlements {
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #now: () => number;
  readonly #untold: Untold[] = [];
  readonly #pending = new Set<Pending>();

  /** @param now Monotonic, in ms */
  constructor(shards: ReadonlyMap<string, Shard>, now: () => number) {
    this.#shards = shards;
    this.#now = now;
  }

  /** The shard of a claim, and the part of it where that is over several itself. */
  partOf(claim: ClaimToken): string {
    const { name, token } = splitToken(claim);
    const inner = this.#shards.get(name)?.storage.partOf?.(token);
    return inner === undefined ? name : `${name}/${inner}`;
  }

  /** Takes the changes of calls that nobody has repeated. */
  unasked(): readonly Change[] {
    const now = this.#now();
    const old = this.#untold.filter(({ at }) => now - at >= repeatedWithin);
    for (const one of old) this.#untold.splice(this.#untold.indexOf(one), 1);
    return old.flatMap(({ settled }) => settled.changes);
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
        const { answer = all } =
          (await shard.briefly(asked, undefined, forWrites).catch((error: unknown) => void errors.push(error))) ?? {};
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
        const isGivenBack = items.every(({ to }) => to === 'unclaim');
        told.push(await (isGivenBack ? this.#giveBack(shard, items) : settleIn(shard, items)));
        for (const { token } of items) before.add(`${shard.name}/${token}`);
      } catch (error) {
        errors.push(shard.isOpen ? error : reopened(shard, error));
      }
    });
    await Promise.all(asking);
    const settled = { lost: [...unknown, ...told.flatMap(({ lost }) => lost)], changes: told.flatMap(({ changes }) => changes) };
    if (errors.length === 0) return settled;
    if (before.size > 0) this.#keep(before, { ...settled, lost: settled.lost.filter((token) => before.has(token)) });
    throw errors[0];
  }

  #keep(tokens: ReadonlySet<ClaimToken>, settled: SettleResult): void {
    this.#untold.push({ tokens, settled, at: this.#now() });
    this.#untold.splice(0, Math.max(0, this.#untold.length - mostUntold));
  }

  /**
   * A round of claims waits for what it gives back, and one shard must not hold up those for the others. A call that is repeated waits for the first one's answer: the
   * shard would call the notes lost, and what it had changed would be told twice.
   */
  async #giveBack(shard: Shard, items: readonly Settlement[]): Promise<SettleResult> {
    const tokens = new Set(items.map(({ token }) => `${shard.name}/${token}`));
    let pending = [...this.#pending].find((one) => [...tokens].every((token) => one.tokens.has(token)));
    if (pending === undefined) {
      const begun: Pending = { tokens, asked: settleIn(shard, items), calls: 0 };
      this.#pending.add(begun);
      const ended = (): void => void this.#pending.delete(begun);
      begun.asked.then(ended, ended);
      pending = begun;
    }
    const { asked, tokens: all } = pending;
    pending.calls += 1;
    const call = pending.calls;
    const isLast = (): boolean => pending.calls === call;
    const settled = await shard.briefly(asked, (answer) => isLast() && this.#keep(all, answer));
    if (settled !== undefined) return settled.answer;
    throw new OfflineImError('SPOOL_FAILED', `The shard ${shard.name} has not taken notes back yet.`);
  }

  #byShard<Item extends { readonly token: ClaimToken }>(items: readonly Item[]) {
    const byShard = new Map<Shard, Item[]>();
    const unknown: ClaimToken[] = [];
    for (const item of items) {
      const { name, token } = splitToken(item.token);
      const shard = this.#shards.get(name);
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

/** Of a shard that closed itself, and that the next call opens again: `SPOOL_CLOSED` means that trying again is of no use. */
function reopened({ name }: Shard, error: unknown): unknown {
  if (!hasCode(error, 'SPOOL_CLOSED')) return error;
  return new OfflineImError('SPOOL_FAILED', `The shard ${name} closed itself.`, { cause: error });
}

async function settleIn(shard: Shard, items: readonly Settlement[]): Promise<SettleResult> {
  const { lost, changes } = await shard.ask((storage) => storage.settle(items));
  return { lost: lost.map((token) => `${shard.name}/${token}`), changes };
}

/** Asks the shards of these claims, or all of them: one that is closed, or was taken, keeps no request for the others from being written. */
export function isOwnerOf(shards: readonly Shard[], claims?: readonly ClaimToken[]): boolean {
  const split = claims?.map(splitToken);
  return shards.every(({ name, storage }) => {
    const own = split?.filter((one) => one.name === name).map(({ token }) => token);
    return own?.length === 0 || (storage.isOwner?.(own) ?? true);
  });
}
