import { checkArguments } from '../../core/arguments.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import { addressKey, parseAddress } from '../../message/address.ts';
import { spoolArguments } from '../arguments.ts';
import {
  type AppendResult,
  type Change,
  type ClaimedNote,
  type ClaimRequest,
  type ClaimToken,
  type ExpireRequest,
  type LaneFilter,
  type NewSpoolEntry,
  type Refreeze,
  type Settlement,
  type SpoolContext,
  type SpoolEntry,
  type SpoolQuery,
  type SpoolState,
  type SpoolStorage,
  type Standing,
  spoolStates,
} from '../contract.ts';
import { askAll, lookUp, openAll } from './all-shards.ts';
import { appendToShards } from './append.ts';
import { ShardClaims } from './claims.ts';
import { merged, spared } from './merged-list.ts';
import { Rendezvous } from './rendezvous.ts';
import { isOwnerOf, Settlements } from './settlements.ts';
import { Shard, type ShardedSpool } from './shard.ts';

/** ms for which sums wait for a shard: longer than other calls, since its last answer may be an old one. */
const forSums = 5_000;

/** The clock before the first open. */
const noClock: SpoolContext['clock'] = { now: () => 0, monotonic: () => 0, setTimer: () => () => {} };

/** The spool that `sharded()` makes. */
export class Shards implements ShardedSpool<unknown> {
  readonly name: string;
  readonly capabilities: SpoolStorage['capabilities'];
  readonly usage?: () => Promise<{ readonly bytes: number }>;
  readonly isOwner?: NonNullable<SpoolStorage['isOwner']>;
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #all: readonly Shard[];
  readonly #rendezvous: Rendezvous;
  readonly #claims: ShardClaims;
  readonly #settlements: Settlements;
  /** Changes that came too late for the call that made them. */
  readonly #untold: Change[] = [];
  #context: SpoolContext | undefined;
  #open = false;

  constructor(spools: ReadonlyMap<string, SpoolStorage<unknown>>) {
    checkArguments(Shards.prototype, 'spool', spoolArguments);
    const storages = [...spools.values()];
    this.name = `sharded (${[...spools.keys()].join(', ')})`;
    this.capabilities = {
      durable: storages.every(({ capabilities }) => capabilities.durable),
      shared: storages.every(({ capabilities }) => capabilities.shared),
      transactions: storages.every(({ capabilities }) => capabilities.transactions === true),
    };
    this.#shards = new Map([...spools].map(([name, storage]) => [name, new Shard(name, storage)]));
    this.#all = [...this.#shards.values()];
    this.#rendezvous = new Rendezvous([...spools.keys()]);
    const clock = () => this.#context?.clock ?? noClock;
    const untold = (changes: readonly Change[]): void => void this.#untold.push(...changes);
    this.#claims = new ShardClaims({ shards: this.#all, clock, untold });
    this.#settlements = new Settlements(this.#shards, () => clock().monotonic());
    if (storages.every(({ usage }) => usage !== undefined)) this.usage = () => this.#usage();
    if (storages.some(({ isOwner }) => isOwner !== undefined)) {
      this.isOwner = (claims) => isOwnerOf(this.#all, claims);
    }
  }

  shardOf(mailbox: string): string {
    return this.#rendezvous.of(addressKey(parseAddress(mailbox)));
  }

  entryIdFor(lane: string, id: string): string {
    return `${id}.${this.#rendezvous.of(lane)}`;
  }

  /** Resolves once one shard is open: the others are tried again while it works. Rejects where a shard fails with an error that time can't mend. */
  async open(context: SpoolContext): Promise<void> {
    this.#context = context;
    await openAll(this.#all, context);
    this.#open = true;
  }

  async append(entries: readonly NewSpoolEntry[], options?: { readonly client?: unknown }): Promise<readonly AppendResult[]> {
    this.#assertOpen();
    return appendToShards((lane) => this.#ofLane(lane), entries, options);
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    this.#assertOpen();
    return this.#claims.claim(request);
  }

  partOf(claim: ClaimToken): string {
    return this.#settlements.partOf(claim);
  }

  async renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    this.#assertOpen();
    return this.#settlements.renew(claims, lease);
  }

  async refreeze(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
    this.#assertOpen();
    return this.#settlements.refreeze(notes);
  }

  async settle(settlements: readonly Settlement[]): ReturnType<SpoolStorage['settle']> {
    this.#assertOpen();
    return this.#settlements.settle(settlements);
  }

  /** Resolves with what became of entries in earlier calls too, where that came too late for them. */
  async expire(request: ExpireRequest): Promise<readonly Change[]> {
    const answers = await askAll(
      this.#opened(),
      (storage) => storage.expire(request),
      (changes) => this.#untold.push(...changes),
    );
    return [...this.#untold.splice(0), ...this.#settlements.unasked(), ...answers.flatMap(({ answer }) => answer)];
  }

  async nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    const due = await askAll(this.#opened(), (storage) => (lanes === undefined ? storage.nextDue() : storage.nextDue(lanes)));
    const times = [...due.map(({ answer }) => answer), ...this.#all.map((shard) => shard.retryIn()), this.#claims.dueIn()];
    return times.reduce(
      (least, time) => (time === undefined || (least !== undefined && least <= time) ? least : time),
      undefined,
    );
  }

  async get(entryId: string): Promise<SpoolEntry | undefined> {
    const [, entry] = (await this.#find(entryId)) ?? [];
    return entry;
  }

  async standing(entryId: string): Promise<Standing | undefined> {
    const [shard] = (await this.#find(entryId)) ?? [];
    const answered = await shard?.glance(shard.ask(async (storage) => storage.standing?.(entryId)));
    return answered?.answer;
  }

  /** Rejects while a shard that may have the message fails, unless another one has it. */
  async findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    const found = await lookUp(
      this.#opened(),
      (storage) => storage.findMessage(messageId),
      ({ length }) => length > 0,
    );
    return found.flatMap(({ answer }) => answer);
  }

  /** What a mailbox spooled before a shard was added may lie in any of them; one that can't be asked is left out, unless it is the mailbox's own. */
  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    const home = query.lane === undefined ? undefined : this.#ofLane(query.lane);
    const leftOut = (shard: Shard, cause?: unknown): void => {
      const text = `The shard ${shard.name} does not answer; messages that the mailbox left there before its own shard was added are missing from the list.`;
      shard.warn(new OfflineImError('SPOOL_FAILED', text, { cause, details: { shard: shard.name } }));
    };
    yield* merged(
      this.#opened().map((shard) =>
        home === undefined || shard === home ? shard.storage.list(query) : spared(shard, query, leftOut),
      ),
    );
  }

  hold(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(entryIds, (storage, ids) => storage.hold(ids));
  }

  release(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(entryIds, (storage, ids) => storage.release(ids));
  }

  cancel(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(entryIds, (storage, ids) => storage.cancel(ids));
  }

  requeue(entryIds: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]> {
    return this.#change(entryIds, (storage, ids) => storage.requeue(ids, options));
  }

  purge(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(entryIds, (storage, ids) => storage.purge(ids));
  }

  watch(wake: (news?: 'operated') => void): () => void {
    const ends = this.#all.map((shard) => shard.watch(wake));
    return () => {
      for (const end of ends) end();
    };
  }

  /** A shard that fails, or is late, counts as it did when it last answered, so that `send()` goes on for the mailboxes of the others. */
  async counts(): Promise<Readonly<Record<SpoolState, number>>> {
    const keep = (counts: Readonly<Record<SpoolState, number>>, shard: Shard): void => {
      shard.lastCounts = counts;
    };
    for (const { shard, answer } of await askAll(this.#opened(), (storage) => storage.counts(), keep, forSums))
      keep(answer, shard);
    const sum = (state: SpoolState): number => this.#all.reduce((total, { lastCounts }) => total + (lastCounts?.[state] ?? 0), 0);
    return Object.fromEntries(spoolStates.map((state) => [state, sum(state)])) as Record<SpoolState, number>;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const closed = await Promise.allSettled(
      this.#all.map(async (shard) => {
        await shard.idle();
        await this.#claims.close(shard);
        await shard.close();
      }),
    );
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }

  #ofLane(lane: string): Shard {
    const shard = this.#shards.get(this.#rendezvous.of(lane));
    if (shard === undefined)
      throw new OfflineImError('SPOOL_FAILED', 'No shard has been named; give sharded() at least one spool.');
    return shard;
  }

  /** Finds an entry by the name of its shard in its id; asks all shards where that one does not have it, or does not answer. */
  async #find(entryId: string): Promise<readonly [Shard, SpoolEntry] | undefined> {
    this.#assertOpen();
    const named = this.#shards.get(entryId.slice(entryId.lastIndexOf('.') + 1));
    const own = await named?.glance(named.ask((storage) => storage.get(entryId))).catch(() => undefined);
    if (named !== undefined && own?.answer !== undefined) return [named, own.answer];
    const others = this.#all.filter((shard) => shard !== named || own === undefined);
    const found = await lookUp(
      others,
      (storage) => storage.get(entryId),
      (entry) => entry !== undefined,
    );
    for (const { shard, answer } of found) if (answer !== undefined) return [shard, answer];
    return undefined;
  }

  async #usage(): Promise<{ readonly bytes: number }> {
    const keep = (usage: { readonly bytes: number } | undefined, shard: Shard): void => {
      shard.lastBytes = usage?.bytes ?? 0;
    };
    for (const { shard, answer } of await askAll(this.#opened(), async (storage) => storage.usage?.(), keep, forSums))
      keep(answer, shard);
    return { bytes: this.#all.reduce((total, { lastBytes }) => total + lastBytes, 0) };
  }

  /** Resolves with the changes even if a shard fails, and warns of that; rejects where nothing changed. */
  async #change(
    entryIds: readonly string[],
    act: (storage: SpoolStorage<unknown>, ids: readonly string[]) => Promise<readonly Change[]>,
  ): Promise<readonly Change[]> {
    this.#assertOpen();
    const errors: unknown[] = [];
    const byShard = new Map<Shard, string[]>();
    const found = await Promise.all(entryIds.map((id) => this.#find(id).catch((error: unknown) => void errors.push(error))));
    for (const [index, id] of entryIds.entries()) {
      const [shard] = found[index] ?? [];
      if (shard === undefined) continue;
      const own = byShard.get(shard);
      if (own === undefined) byShard.set(shard, [id]);
      else own.push(id);
    }
    const changes: Change[] = [];
    const acting = [...byShard].map(async ([shard, ids]) => {
      try {
        changes.push(...(await shard.ask((storage) => act(storage, ids))));
      } catch (error) {
        errors.push(error);
      }
    });
    await Promise.all(acting);
    if (errors.length > 0 && changes.length === 0) throw errors[0];
    for (const error of errors) this.#context?.onWarning?.(asError(error));
    const place = new Map(entryIds.map((id, index) => [id, index]));
    return changes.sort((one, other) => (place.get(one.entryId) ?? 0) - (place.get(other.entryId) ?? 0));
  }

  /** Every shard. @throws {OfflineImError} `SPOOL_CLOSED` */
  #opened(): readonly Shard[] {
    this.#assertOpen();
    return this.#all;
  }

  #assertOpen(): void {
    if (!this.#open)
      throw new OfflineImError('SPOOL_CLOSED', 'The sharded spool is not open; call open() first, or start the sender.');
  }
}
