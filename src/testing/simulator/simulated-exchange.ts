import { checkArguments } from '../../core/arguments.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { AuthScheme } from './access/access.ts';
import type { SimulatedTokens } from './access/tokens.ts';
import { type CoreOptions, SimulatorCore } from './core.ts';
import { firstDomain, type OutboundMessage } from './exchange.ts';
import { expectReceived, failed, receivedIn, untilIdle } from './expectations.ts';
import type { Faults } from './faults/faults.ts';
import { connectionError, fetchFrom } from './http/fetch-front.ts';
import type { JournalEntry } from './http/journal.ts';
import type { AnswerByHand } from './operations/answer.ts';
import { exchangeArguments } from './store/arguments.ts';
import type { SimulatedItem } from './store/item.ts';
import type { SimulatedMailbox } from './store/mailbox.ts';
import type { MailboxOptions } from './store/mailbox-options.ts';
import type { SeedContent } from './store/seeding/content.ts';
import { type SeedItem, storeSeed, withMimeRead } from './store/seeding/seed.ts';

/** Options of {@link createExchange}. */
export interface CreateExchangeOptions extends CoreOptions {
  /**
   * Its EWS address. Nothing listens there: `exchange.fetch` looks at the path only, and msw at the addresses that you give it.
   * @default 'https://mail.<domain of the first mailbox>/EWS/Exchange.asmx'
   */
  readonly url?: string;
}

/** The state of an exchange at one moment; `exchange.restore()` goes back to it. */
export interface ExchangeSnapshot {
  /** By the exchange's clock. */
  readonly takenAt: Date;
}

/** An Exchange in memory, behind a `fetch` or a server. {@link createExchange} makes one without a port. */
export class SimulatedExchange {
  /** The EWS address for clients, such as `https://mail.contoso.test/EWS/Exchange.asmx`. */
  readonly url: string;
  /** Root of Microsoft Graph at the same Exchange, without a version: the `root` of a `GraphTransport`. */
  readonly graphUrl: string;
  /**
   * Calls it as a client calls a server, without a network: for code that takes a `fetch`. A connection that a fault resets rejects
   * with `TypeError: fetch failed`; a response that never comes waits for the signal.
   *
   * @example
   * ```ts
   * new EwsTransport({ url: exchange.url, credentials, fetch: exchange.fetch });
   * ```
   */
  readonly fetch: typeof globalThis.fetch;
  readonly #core: SimulatorCore;
  readonly #snapshots = new WeakMap<ExchangeSnapshot, () => void>();
  readonly #closed = new AbortController();

  /** @internal */
  constructor(core: SimulatorCore, url: string) {
    checkArguments(SimulatedExchange.prototype, 'exchange', exchangeArguments);
    this.#core = core;
    this.url = url;
    core.sideDoors.url = url;
    this.graphUrl = new URL(url).origin;
    const { profile, timers, clock } = core.exchange;
    const front = {
      ...{ url, clock },
      maxRequestBytes: largestRequest(profile.maxRequestBytes),
      handle: core.handle.bind(core),
      wait: timers.wait.bind(timers),
      closed: this.#closed.signal,
    };
    this.fetch = async (input, init) => {
      if (this.#closed.signal.aborted) throw connectionError('connect ECONNREFUSED', 'ECONNREFUSED');
      return fetchFrom(front, input, init);
    };
  }

  /** Sets faults: makes the server misbehave. */
  get faults(): Faults {
    return this.#core.faults;
  }

  /** Every request since the start or the last `reset()`, oldest first. The list is live. */
  get journal(): readonly JournalEntry[] {
    return this.#core.journal.entries;
  }

  /** The login schemes that it offers. */
  get auth(): readonly AuthScheme[] {
    return this.#core.auth;
  }

  /** Messages sent to other domains, where no mailbox is simulated. */
  get outbound(): readonly OutboundMessage[] {
    return this.#core.exchange.outbound;
  }

  /** Bearer tokens that are valid here: issue and revoke them while the server runs. `reset()` keeps them. */
  get tokens(): SimulatedTokens {
    return this.#core.tokens;
  }

  get mailboxes(): readonly SimulatedMailbox[] {
    return this.#core.exchange.mailboxes;
  }

  /** How many late copies and other delayed events are still to come. */
  get pending(): number {
    return this.#core.exchange.timers.size;
  }

  /** Returns a mailbox by address. @throws {OfflineImError} `OPTION_INVALID` if it is not simulated */
  mailbox(address: string): SimulatedMailbox {
    const mailbox = this.#core.exchange.find(address);
    if (mailbox === undefined) throw new OfflineImError('OPTION_INVALID', `There is no mailbox ${address} in the simulator.`);
    return mailbox;
  }

  /** Adds a mailbox, while the server runs. */
  addMailbox(options: string | MailboxOptions): SimulatedMailbox {
    return this.#core.exchange.addMailbox(options);
  }

  /** Moves a mailbox, items and all, to the other door; ids change. `during`: for this many ms by the clock both doors report that it is being moved. */
  moveMailbox(address: string, location: 'exchange-online' | 'on-premises', options: { readonly during?: number } = {}): void {
    this.#core.exchange.moveMailbox(address, location, options.during ?? 0);
  }

  /**
   * Resolves with the first message in any Inbox that the predicate accepts, now or later. It ignores copies, drafts and messages to other
   * domains. The time-out, 5 s by default, runs by the machine's clock even when the simulator has a manual one,
   * and only while this process runs: a busy machine makes no message late.
   *
   * @throws {OfflineImError} `EXPECTATION_FAILED`, with the end of the journal
   *
   * @example
   * ```ts
   * const item = await exchange.waitForMessage((m) => m.mailbox === 'bob@contoso.test', { timeout: 2000 });
   * ```
   */
  async waitForMessage(
    predicate: (item: SimulatedItem) => boolean,
    options: { readonly timeout?: number } = {},
  ): Promise<SimulatedItem> {
    const { timeout = 5000 } = options;
    const [there] = receivedIn(this.#core, predicate);
    const late = (): Error => failed(this.#core, `No such message arrived within ${timeout} ms`);
    return there ?? this.#core.exchange.waiters.next(predicate, timeout, late);
  }

  /**
   * Resolves when no request is in flight and nothing is due to happen by itself. Timers of a manual clock don't count: only the test moves it.
   *
   * @throws {OfflineImError} `EXPECTATION_FAILED` after `timeout` ms of the machine's clock, 5000 by default
   */
  idle(options: { readonly timeout?: number } = {}): Promise<void> {
    return untilIdle(this.#core, options.timeout ?? 5000);
  }

  /** Waits until it is idle, then checks that the predicate accepts no message in any Inbox. @throws {OfflineImError} `EXPECTATION_FAILED` */
  async expectNone(predicate?: (item: SimulatedItem) => boolean, options: { readonly timeout?: number } = {}): Promise<void> {
    await expectReceived(this.#core, 0, predicate, options.timeout ?? 5000);
  }

  /** Waits until it is idle, then checks that the predicate accepts exactly one message in all Inboxes. @throws {OfflineImError} `EXPECTATION_FAILED` */
  async expectOnce(
    predicate?: (item: SimulatedItem) => boolean,
    options: { readonly timeout?: number } = {},
  ): Promise<SimulatedItem> {
    const item = await expectReceived(this.#core, 1, predicate, options.timeout ?? 5000);
    if (item === undefined) throw failed(this.#core, 'No such message was received');
    return item;
  }

  /**
   * Stores a seed: by mailbox, by folder, a list of items as `mailbox.store()` takes them. All of it, or nothing if one is invalid.
   *
   * @throws {OfflineImError} `OPTION_INVALID`
   *
   * @example
   * ```ts
   * exchange.seed({ 'bob@contoso.test': { inbox: [{ subject: 'Hi', from: 'alice@contoso.test' }] } });
   * ```
   */
  seed(seed: Readonly<Record<string, Readonly<Record<string, readonly SeedContent[]>>>>): void {
    storeSeed(this.#core.exchange, seed);
  }

  /**
   * As `seed()`, with items that may also be whole messages, `{ eml }`. All of it, or nothing if one is invalid.
   *
   * @throws {OfflineImError} `OPTION_INVALID`
   *
   * @example
   * ```ts
   * await exchange.load({ 'bob@contoso.test': { inbox: [{ eml: await readFile('invoice.eml') }, { subject: 'Hi' }] } });
   * ```
   */
  async load(seed: Readonly<Record<string, Readonly<Record<string, readonly SeedItem[]>>>>): Promise<void> {
    storeSeed(this.#core.exchange, await withMimeRead(this.#core.exchange, seed));
  }

  /**
   * Handles an operation with your function, until `reset()`: for operations that are not simulated, or for responses that no server gives.
   *
   * @throws {OfflineImError} `OPTION_INVALID` for a name that the schema doesn't have
   *
   * @example
   * ```ts
   * exchange.answer('GetUserPhoto', () => '<m:GetUserPhotoResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:GetUserPhotoResponse>');
   * ```
   */
  answer(operation: string, handler: AnswerByHand): void {
    this.#core.answer(operation, handler);
  }

  /**
   * Restores the initial state: no items, no folders but the default ones, no faults, subscriptions or journal, no pending events, and the wall time of a
   * `ManualClock` as at the start. Mailboxes and tokens stay. Item ids are never reused.
   */
  reset(): void {
    this.#core.reset();
  }

  /** Takes a snapshot for {@link restore}: mailboxes with all their items, faults, subscriptions, the journal, pending events, and the wall time of a `ManualClock`. */
  snapshot(): ExchangeSnapshot {
    const snapshot: ExchangeSnapshot = { takenAt: new Date(this.#core.exchange.clock.now()) };
    this.#snapshots.set(snapshot, this.#core.snapshot());
    return snapshot;
  }

  /**
   * Restores a snapshot, any number of times. Requests in flight are discarded with their effects. Ids and change keys
   * that were issued since are never reused, and synchronisation states from that time are refused, as after a restored backup.
   *
   * @throws {OfflineImError} `OPTION_INVALID` for a snapshot of another exchange
   *
   * @example
   * ```ts
   * const seeded = exchange.snapshot();
   * afterEach(() => exchange.restore(seeded));
   * ```
   */
  restore(snapshot: ExchangeSnapshot): void {
    const restore = this.#snapshots.get(snapshot);
    if (restore === undefined) {
      throw new OfflineImError('OPTION_INVALID', 'restore() takes what snapshot() of the same exchange has returned.');
    }
    restore();
  }

  /** Cancels every timer and rejects every pending `waitForMessage()`; `fetch` fails, also where it hangs. */
  close(): Promise<void> {
    this.#closed.abort();
    this.#core.close();
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Graph takes larger requests than EWS does; each door looks at its own limit. */
export function largestRequest(ofEws: number): number {
  return Math.max(ofEws, 4 * 1024 * 1024);
}

/** What only a server with connections can do. */
const ofServers = ['port', 'host', 'tls', 'cors'] as const;

/**
 * An Exchange to test against, in this process and without a port: it runs wherever `fetch` and `Request` exist, browsers included.
 * Requests reach it by `exchange.fetch`, or by the handlers of `offline-im/testing/msw`.
 *
 * @throws OPTION_INVALID for what needs a connection: NTLM, TLS, a port. `startExchangeSimulator` has these.
 *
 * @example
 * ```ts
 * const exchange = createExchange({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
 * await exchange.fetch(exchange.url, { method: 'POST', headers, body });
 * exchange.mailbox('bob@contoso.test').folder('inbox').items;
 * ```
 */
export function createExchange(options: CreateExchangeOptions): SimulatedExchange {
  const domain = firstDomain(options);
  const { url = `https://mail.${domain}/EWS/Exchange.asmx` } = options;
  if (options.auth?.includes('ntlm') === true) {
    throw new OfflineImError(
      'OPTION_INVALID',
      'auth: NTLM belongs to a connection, and an exchange without a port has none. Use startExchangeSimulator(), or basic and bearer.',
    );
  }
  for (const name of ofServers) {
    if (!(name in options)) continue;
    throw new OfflineImError(
      'OPTION_INVALID',
      `${name}: an exchange without a port has no server and no connections. Use startExchangeSimulator() for it.`,
    );
  }
  if (!URL.canParse(url)) throw new OfflineImError('OPTION_INVALID', `url must be an absolute URL, not "${url}".`);
  return new SimulatedExchange(new SimulatorCore(options), url);
}
