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
import { appendToShards } from './append.ts';
import { ShardClaims } from './claims.ts';
import { merged } from './merged-list.ts';
import { Rendezvous } from './rendezvous.ts';
import { isOwnerOf, Settlements } from './settlements.ts';
import { Shard, type ShardedSpool } from './shard.ts';

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
    this.#claims = new ShardClaims({ shards: this.#all, clock });
    this.#settlements = new Settlements((name) => this.#named(name));
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
    const opened = await Promise.allSettled(this.#all.map((shard) => shard.open(context)));
    const errors = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    const fatal = errors.find((error) => Shard.isLasting(error)) ?? (errors.length === this.#all.length ? errors[0] : undefined);
    if (fatal !== undefined) {
      await Promise.allSettled(this.#all.map((shard) => shard.close()));
      throw fatal;
    }
    for (const [index, one] of opened.entries()) if (one.status === 'rejected') this.#all[index]?.failed(one.reason);
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

  async expire(request: ExpireRequest): Promise<readonly Change[]> {
    const changes = await this.#askAll((storage) => storage.expire(request));
    return changes.flatMap(({ answer }) => answer);
  }

  async nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    const due = await this.#askAll((storage) => (lanes === undefined ? storage.nextDue() : storage.nextDue(lanes)));
    const times = [...due.map(({ answer }) => answer), ...this.#all.map((shard) => shard.retryIn())];
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
    return shard?.ask(async (storage) => storage.standing?.(entryId));
  }

  /** Rejects while a shard that may have the message fails, unless another one has it. */
  async findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    const found = await this.#tryAll((storage) => storage.findMessage(messageId));
    const entries = found.answers.flatMap(({ answer }) => answer);
    if (entries.length === 0 && found.errors.length > 0) throw found.errors[0];
    return entries;
  }

  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    this.#assertOpen();
    const shards = query.lane === undefined ? this.#all : [this.#ofLane(query.lane)];
    yield* merged(shards, query);
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

  /** A shard that fails counts as it did when it last answered, so that `send()` goes on for the mailboxes of the others. */
  async counts(): Promise<Readonly<Record<SpoolState, number>>> {
    for (const { shard, answer } of await this.#askAll((storage) => storage.counts())) shard.lastCounts = answer;
    const sum = (state: SpoolState): number => this.#all.reduce((total, { lastCounts }) => total + (lastCounts?.[state] ?? 0), 0);
    return Object.fromEntries(spoolStates.map((state) => [state, sum(state)])) as Record<SpoolState, number>;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#claims.close();
    const closed = await Promise.allSettled(this.#all.map((shard) => shard.close()));
    for (const one of closed) if (one.status === 'rejected') throw one.reason;
  }

  #ofLane(lane: string): Shard {
    const shard = this.#named(this.#rendezvous.of(lane));
    if (shard === undefined)
      throw new OfflineImError('SPOOL_FAILED', 'No shard has been named; give sharded() at least one spool.');
    return shard;
  }

  #named(name: string): Shard | undefined {
    return this.#shards.get(name);
  }

  /** Finds an entry by the name of its shard in its id; asks all shards for an id of another form. */
  async #find(entryId: string): Promise<readonly [Shard, SpoolEntry] | undefined> {
    this.#assertOpen();
    const named = this.#named(entryId.slice(entryId.lastIndexOf('.') + 1));
    const entry = await named?.ask((storage) => storage.get(entryId));
    if (named !== undefined && entry !== undefined) return [named, entry];
    const found = await this.#tryAll(
      (storage) => storage.get(entryId),
      (shard) => shard !== named,
    );
    for (const { shard, answer } of found.answers) if (answer !== undefined) return [shard, answer];
    if (found.errors.length > 0) throw found.errors[0];
    return undefined;
  }

  async #usage(): Promise<{ readonly bytes: number }> {
    for (const { shard, answer } of await this.#askAll(async (storage) => storage.usage?.()))
      shard.lastBytes = answer?.bytes ?? 0;
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
    for (const [shard, ids] of byShard) {
      await shard
        .ask((storage) => act(storage, ids))
        .then(
          (made) => changes.push(...made),
          (error: unknown) => errors.push(error),
        );
    }
    if (errors.length > 0 && changes.length === 0) throw errors[0];
    for (const error of errors) this.#context?.onWarning?.(asError(error));
    const place = new Map(entryIds.map((id, index) => [id, index]));
    return changes.sort((one, other) => (place.get(one.entryId) ?? 0) - (place.get(other.entryId) ?? 0));
  }

  /** Asks every shard that may be asked; rejects where all of those fail. */
  async #askAll<Answer>(question: (storage: SpoolStorage<unknown>, shard: Shard) => Promise<Answer>) {
    const { answers, errors } = await this.#tryAll(question, (shard) => shard.admits());
    if (answers.length === 0 && errors.length > 0) throw errors[0];
    return answers;
  }

  async #tryAll<Answer>(
    question: (storage: SpoolStorage<unknown>, shard: Shard) => Promise<Answer>,
    admits: (shard: Shard) => boolean = () => true,
  ) {
    this.#assertOpen();
    const answers: { readonly shard: Shard; readonly answer: Answer }[] = [];
    const errors: unknown[] = [];
    const asking = this.#all.filter(admits).map(async (shard) => {
      try {
        answers.push({ shard, answer: await shard.ask((storage) => question(storage, shard)) });
      } catch (error) {
        errors.push(error);
      }
    });
    await Promise.all(asking);
    return { answers, errors };
  }

  #assertOpen(): void {
    if (!this.#open)
      throw new OfflineImError('SPOOL_CLOSED', 'The sharded spool is not open; call open() first, or start the sender.');
  }
}
