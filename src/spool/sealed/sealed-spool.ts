import { checkArguments } from '../../core/arguments.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolAdmin } from '../admin/contract.ts';
import { spoolArguments } from '../arguments.ts';
import type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  LaneFilter,
  NewSpoolEntry,
  Reason,
  Settlement,
  SettleResult,
  SpoolContext,
  SpoolEntry,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
  Standing,
} from '../contract.ts';
import { SealedAdmin } from './admin.ts';
import { Appends } from './append.ts';
import { BlindIndex } from './blind-index.ts';
import { Claims, type Refreezable } from './claim.ts';
import { Entries } from './entries.ts';
import { checkedKeys, type SealOptions } from './keys.ts';
import { Sealer } from './seal.ts';

/** How many entries are remembered: mostly those at work. */
const remembered = 20_000;

/** Translates the changes of the storage below, which carry the blind index of a message id. */
class MessageIds {
  readonly #inner: Pick<SpoolStorage, 'findMessage'>;
  readonly #entries: Entries;
  readonly #known = new Map<string, string>();

  constructor(inner: Pick<SpoolStorage, 'findMessage'>, entries: Entries) {
    this.#inner = inner;
    this.#entries = entries;
  }

  /** Remembers entries that are about to change. */
  remember(entries: readonly SpoolEntry[]): void {
    for (const { id, messageId } of entries) {
      this.#known.delete(id);
      this.#known.set(id, messageId);
    }
    for (const id of this.#known.keys()) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(id);
    }
  }

  /** Opens changes, one after the other: there may be thousands. */
  async open(changes: readonly Change[]): Promise<readonly Change[]> {
    const opened: Change[] = [];
    for (const { reason, ...change } of changes) {
      const messageId = this.#known.get(change.entryId) ?? (await this.#lookUp(change));
      opened.push({ ...change, messageId, ...(reason === undefined ? {} : { reason: await this.#entries.openReason(reason) }) });
    }
    return opened;
  }

  /** Looks up the message id; resolves with the blind index where it can't be had: the change has happened, and must be reported. */
  async #lookUp({ entryId, messageId }: Change): Promise<string> {
    const found = await this.#inner.findMessage(messageId).catch(() => []);
    const entry = found.find(({ id }) => id === entryId);
    return (entry && (await this.#entries.messageIdOf(entry))) ?? messageId;
  }
}

/** Seals what goes into another storage, and opens what comes out; docs/encryption.md says what is sealed, hashed and left in the clear. */
class SealedSpool implements SpoolStorage<unknown> {
  readonly name: string;
  readonly capabilities: SpoolStorage['capabilities'];
  /** Present where the storage below has it. */
  readonly watch?: (wake: (news?: 'operated') => void) => () => void;
  /** Present where the storage below has it. */
  readonly usage?: () => Promise<{ readonly bytes: number }>;
  /** Present where the storage below has it. */
  readonly isOwner?: NonNullable<SpoolStorage['isOwner']>;
  /** Present where the storage below has it. */
  readonly partOf?: NonNullable<SpoolStorage['partOf']>;
  /** Present where the storage below has it. */
  readonly admin?: SpoolAdmin;
  readonly #inner: Refreezable;
  readonly #entries: Entries;
  readonly #blindIndex: BlindIndex;
  readonly #appends: Appends;
  readonly #claims: Claims;
  readonly #messageIds: MessageIds;
  readonly #running = new Set<Promise<unknown>>();
  #warn: (error: Error) => void = () => {};

  constructor(inner: Refreezable, options: SealOptions) {
    checkArguments(SealedSpool.prototype, 'spool', spoolArguments);
    const { keys, routing } = checkedKeys(options);
    const sealer = new Sealer(keys);
    this.name = `sealed ${inner.name}`;
    this.capabilities = inner.capabilities;
    this.#inner = inner;
    this.#blindIndex = new BlindIndex(routing);
    this.#entries = new Entries(sealer, this.#blindIndex);
    this.#appends = new Appends(inner, this.#entries, this.#blindIndex);
    this.#claims = new Claims({ inner, sealer, entries: this.#entries, warn: (error) => this.#warn(error) });
    this.#messageIds = new MessageIds(inner, this.#entries);
    if (inner.watch !== undefined) this.watch = inner.watch.bind(inner);
    if (inner.isOwner !== undefined) this.isOwner = inner.isOwner.bind(inner);
    if (inner.partOf !== undefined) this.partOf = inner.partOf.bind(inner);
    if (inner.admin !== undefined) {
      this.admin = new SealedAdmin({
        inner: inner.admin,
        storage: this,
        sealer,
        entries: this.#entries,
        blindIndex: this.#blindIndex,
      });
    }
    if (inner.usage !== undefined) this.usage = inner.usage.bind(inner);
  }

  open(context: SpoolContext): Promise<void> {
    this.#warn = (error) => context.onWarning?.(error);
    return this.#inner.open(context);
  }

  append(entries: readonly NewSpoolEntry[], options?: { readonly client?: unknown }): Promise<readonly AppendResult[]> {
    return this.#run(() => this.#appends.append(entries, options));
  }

  claim({ lanes, ...request }: ClaimRequest): Promise<readonly ClaimedNote[]> {
    return this.#run(async () => {
      const filter = await this.#blindIndex.filter(lanes);
      const notes = await this.#claims.claim({ ...request, ...(filter === undefined ? {} : { lanes: filter }) });
      for (const note of notes) this.#messageIds.remember(note.entries);
      return notes;
    });
  }

  renew(claims: readonly ClaimToken[], lease: number): Promise<readonly ClaimToken[]> {
    return this.#inner.renew(claims, lease);
  }

  settle(settlements: readonly Settlement[]): Promise<SettleResult> {
    return this.#run(async () => {
      const reasons = new Map<string, Promise<Reason>>();
      const sealed = await Promise.all(settlements.map((one) => this.#sealReason(one, reasons)));
      const { lost, changes } = await this.#inner.settle(sealed);
      return { lost, changes: await this.#messageIds.open(changes) };
    });
  }

  expire(request: ExpireRequest): Promise<readonly Change[]> {
    return this.#change(async () => {
      const closedLanes = request.closedLanes.map(async ({ lane, closedFor }) => ({
        lane: await this.#blindIndex.of('lane', lane),
        closedFor,
      }));
      const reason = await this.#entries.sealReason(request.reason);
      const keptLanes = await this.#blindIndex.all('lane', request.keptLanes ?? []);
      return this.#inner.expire({ ...request, closedLanes: await Promise.all(closedLanes), keptLanes, reason });
    });
  }

  async nextDue(lanes?: LaneFilter): Promise<number | undefined> {
    return this.#inner.nextDue(await this.#blindIndex.filter(lanes));
  }

  async get(entryId: string): Promise<SpoolEntry | undefined> {
    const entry = await this.#inner.get(entryId);
    return entry && this.#entries.show(entry);
  }

  async standing(entryId: string): Promise<Standing | undefined> {
    return this.#inner.standing?.(entryId);
  }

  async findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    const entries = await this.#inner.findMessage(await this.#blindIndex.of('message', messageId));
    return Promise.all(entries.map((entry) => this.#entries.show(entry, { messageId })));
  }

  async *list({ lane, ...query }: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    const filter = lane === undefined ? query : { ...query, lane: await this.#blindIndex.of('lane', lane) };
    for await (const entry of this.#inner.list(filter)) yield await this.#entries.show(entry);
  }

  hold(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(() => this.#inner.hold(entryIds));
  }

  release(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(() => this.#inner.release(entryIds));
  }

  cancel(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(() => this.#inner.cancel(entryIds));
  }

  requeue(entryIds: readonly string[], options?: { readonly force?: boolean }): Promise<readonly Change[]> {
    return this.#change(() => this.#inner.requeue(entryIds, options));
  }

  purge(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#change(() => this.#inner.purge(entryIds));
  }

  counts(): Promise<Readonly<Record<SpoolState, number>>> {
    return this.#inner.counts();
  }

  /** Waits for earlier calls first: an append may still be on its way to the storage below. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#inner.close();
  }

  #change(operation: () => Promise<readonly Change[]>): Promise<readonly Change[]> {
    return this.#run(async () => this.#messageIds.open(await operation()));
  }

  #run<Result>(operation: () => Promise<Result>): Promise<Result> {
    const running = operation().finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Seals the reason of a settlement, once for all settlements of a batch with the same reason. */
  async #sealReason(settlement: Settlement, sealed: Map<string, Promise<Reason>>): Promise<Settlement> {
    if (!('reason' in settlement)) return settlement;
    const key = JSON.stringify(settlement.reason);
    const reason = sealed.get(key) ?? this.#entries.sealReason(settlement.reason);
    sealed.set(key, reason);
    return { ...settlement, reason: await reason };
  }
}

/**
 * Encrypts what a spool keeps: text, html, addresses, names, subjects and the texts of reasons, with AES-256-GCM by WebCrypto. What the spool must compare or name
 * (message id, content, mailbox, conversation, recipients) is replaced by a hash with the `routingKey`. Wrap any spool that has `refreeze`: all of this library's do.
 *
 * An entry whose key is missing or wrong stays where it is and waits, with what follows it in its conversation; everything else goes on. `warning` says so every
 * five minutes (`SPOOL_KEY_MISSING`, `SPOOL_SEAL_BROKEN`, `SPOOL_VERSION`), and so does the entry's `reason` in `status()` and `list()`. Started with the right key, it is delivered.
 *
 * What was spooled before the spool was wrapped is not opened: let it drain first. docs/encryption.md has the whole page.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const spool = sealed(new FileSpool({ root }), {
 *   keys: [{ id: '2026', key: newKey }, { id: '2025', key: oldKey }], // 32 random bytes each
 *   routingKey, // 32 random bytes, never changed
 * });
 * ```
 */
export function sealed<Client = never>(spool: SpoolStorage<Client>, options: SealOptions): SpoolStorage<Client> {
  if (typeof globalThis.crypto?.subtle?.encrypt !== 'function') {
    throw invalid('crypto', 'WebCrypto is missing; browsers offer it in secure contexts only (https, or localhost).');
  }
  if (typeof spool?.append !== 'function')
    throw invalid('spool', 'spool is missing or of the wrong kind; expected a spool to wrap.');
  if (!isRefreezable(spool)) throw invalid('spool', `The spool ${spool.name} has no refreeze(), which encryption needs.`);
  if (typeof options !== 'object' || options === null)
    throw invalid('options', 'options is missing; expected { keys, routingKey }.');
  // The handle is passed through as it came: what it must be, the spool within says.
  return new SealedSpool(spool, options) as SpoolStorage<Client>;
}

function isRefreezable<Client>(spool: SpoolStorage<Client>): spool is SpoolStorage<Client> & Refreezable {
  return typeof spool.refreeze === 'function';
}

function invalid(option: string, message: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', message, { details: { option } });
}
