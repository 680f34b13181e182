import { type Clock, systemClock } from '../core/clock.ts';
import { StopBudget, whenAborted } from '../core/deadline.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { asError } from '../core/errors/thrown.ts';
import { checkedClock, checkedRandom } from '../core/host-calls.ts';
import { timeOrderedId } from '../core/ids.ts';
import { addressKey, parseAddress } from '../message/address.ts';
import type { OutgoingMessage } from '../message/message.ts';
import { assertListener, type EventName, type Listener, TypedEvents } from '../observability/events.ts';
import { type SenderStats, type StatsOptions, statsOf, Throughput } from '../observability/stats.ts';
import { Trace } from '../observability/trace.ts';
import type { Change, Reason, SpoolStorage } from '../spool/contract.ts';
import { senderStopped } from '../spooler/opening.ts';
import { type FlushCounts, Spooler } from '../spooler/spooler.ts';
import {
  assertId,
  assertList,
  defaultStopTimeout,
  type FlushOptions,
  type ListQuery,
  type RequeueOptions,
  readFlush,
  readList,
  readRequeue,
  readSend,
  readStart,
  readStats,
  readStop,
  type StartOptions,
  type StopOptions,
} from './call-options.ts';
import { HighWaterMark } from './capacity.ts';
import { actOn } from './entries.ts';
import { givenPolicy, type OfflineImSenderOptions, type PolicySource, type SenderSettings, senderSettings } from './options.ts';
import type { Receipt } from './receipt.ts';
import { type CheckResult, Sending, type SendMessageOptions, type SendResult } from './send.ts';
import { type MessageEntry, type MessageStatus, shownEntry, statusOf } from './status.ts';

/** What stop() does: lets what is under way end, gives up what does not, closes, and says what was left. Never rejects. */
async function bringToAnEnd(
  sending: Sending,
  spooler: Spooler,
  budget: StopBudget,
  trace: Trace,
  giveUpPreparing: () => void,
): Promise<void> {
  spooler.beginStop();
  // In that order: a send may be the first to open the spool.
  const idle = sending.idle().then(() => spooler.idle());
  await budget.waitFor(idle, () => {
    giveUpPreparing();
    sending.giveUp();
    spooler.giveUp();
  });
  const left = [...spooler.abandon(), ...sending.abandon(), ...(await spooler.close(budget))];
  budget.end();
  if (left.length === 0) return;
  const text = `stop() ran out of time and left behind: ${left.join('; ')}.`;
  trace.warn(new OfflineImError('STOP_INCOMPLETE', text, { details: { left } }));
}

/**
 * Leaves messages for people who are offline: `send()` spools, two minutes later a missed-conversation note goes to their mailbox.
 * No message is lost, none is sent twice, no draft is left behind; docs/guarantees.md says what that means and where it ends.
 *
 * @example
 * ```ts
 * const sender = new OfflineImSender({
 *   identity: { sip: 'sip:alice@contoso.com', displayName: 'Alice Example' },
 *   client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
 *   spool: new FileSpool(),
 *   transport: new EwsTransport({ url, credentials: basicAuth({ username, password }) }),
 * });
 * await sender.start();
 * await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
 * await sender.stop();
 * ```
 */
export class OfflineImSender<Client = never> {
  readonly #settings: SenderSettings;
  readonly #storage: SpoolStorage;
  readonly #clock: Clock;
  readonly #events = new TypedEvents();
  readonly #trace: Trace;
  readonly #spooler: Spooler;
  readonly #sending: Sending;
  readonly #throughput: Throughput;
  readonly #budget: StopBudget;
  /** What takes the listeners of `start()` from their signals. */
  readonly #signals: (() => void)[] = [];
  readonly #givenUp = new AbortController();
  #policy: PolicySource | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
  constructor(options: OfflineImSenderOptions<Client>) {
    this.#settings = senderSettings(options);
    const { spool, transport, logger, policy, random, highWater } = this.#settings;
    this.#storage = spool;
    const warn = (error: Error): void => this.#trace.warn(error);
    this.#clock = checkedClock(this.#settings.clock ?? systemClock, warn);
    this.#throughput = new Throughput(this.#clock);
    this.#budget = new StopBudget(this.#clock);
    this.#trace = new Trace(this.#events, logger, (name) => this.#throughput.saw(name));
    this.#policy = policy;
    this.#spooler = new Spooler({
      storage: spool,
      transport,
      clock: this.#clock,
      random: random === undefined ? Math.random : checkedRandom(random, warn),
      options: this.#settings.spooler,
      trace: this.#trace,
      owner: timeOrderedId(this.#clock.now()),
      newNoteId: () => timeOrderedId(this.#clock.now()),
    });
    this.#sending = new Sending({
      acceptance: {
        settings: this.#settings,
        clock: this.#clock,
        policy: () => this.#policy,
        givenUp: this.#givenUp.signal,
        isKnown: (id) => this.#isKnown(id),
      },
      storage: spool,
      highWater: highWater && new HighWaterMark(highWater, spool, this.#clock),
      trace: this.#trace,
      open: () => this.#spooler.open(),
      appended: () => this.#spooler.wake(),
    });
  }

  /**
   * Calls `listener` at every event of that name, after `send()` or the step has been taken. A listener that throws, or whose promise rejects, disturbs
   * nothing; it is reported as `warning`. The same listener is added once per name.
   *
   * @throws {OfflineImError} `OPTION_INVALID` for an unknown name
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    this.#events.on(name, listener);
    return this;
  }

  /** Calls `listener` at the next event of that name only. @throws {OfflineImError} `OPTION_INVALID` for an unknown name */
  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    this.#events.once(name, listener);
    return this;
  }

  /** Removes a listener. @throws {OfflineImError} `OPTION_INVALID` for an unknown name */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    this.#events.off(name, listener);
    return this;
  }

  /**
   * Opens the spool and begins to deliver. A started sender keeps the process alive.
   *
   * @param options.signal Stops the sender when it aborts, as `stop()` does; aborted already, it never starts. @default none
   * @throws {OfflineImError} `SENDER_STOPPED`; `SPOOL_LOCKED` and other codes of the spool
   */
  async start(options: StartOptions = {}): Promise<void> {
    const { signal } = readStart(options);
    this.#assertNotStopped();
    this.#signals.push(whenAborted(signal, () => void this.stop()));
    if (this.#stopping === undefined) await this.#spooler.start();
    this.#assertNotStopped();
    this.#trace.event('started', {});
  }

  /**
   * Finishes the notes and sends under way, then closes spool and transport. What waits, waits; whatever is cut off is looked for after the next start.
   * It never rejects and always ends: whatever hangs is left behind, at the latest 5 s after the patience is over, and 5 s more where closing hangs too;
   * a `warning` (`STOP_INCOMPLETE`) then says what.
   *
   * @param options.timeout ms after which the patience is over, for everything together: requests in flight are aborted, sends still being prepared
   * rejected, and a spool that another process keeps from being opened is given up. A later call shortens that, and never lengthens it. @default 30_000
   * @param options.signal Ends the patience as soon as it aborts, also that of an earlier call. @default none
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { timeout, signal } = this.#readStop(options);
    for (const forget of this.#signals.splice(0)) forget();
    this.#budget.limit(timeout, signal);
    this.#stopping ??= bringToAnEnd(this.#sending, this.#spooler, this.#budget, this.#trace, () => this.#givenUp.abort()).then(
      () => this.#trace.event('stopped', {}),
    );
    await this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Accepts a message. When it resolves, the message is on durable storage and ends as delivered, dead or cancelled, whatever crashes.
   *
   * @throws {GateRefusedError} `GATE_REFUSED` with every reason
   * @throws {OfflineImError} codes of bad input; `MAILBOX_UNRESOLVED`; `MESSAGE_ID_CONFLICT`; `SENDER_STOPPED`; `SPOOL_FULL` (see `highWater`) and `SPOOL_FAILED`, when nothing was kept;
   * `APPEND_OUTCOME_UNKNOWN` when the storage can't tell, or did not before `stop()` ended: send it again with `error.details.messageId`, which never makes a second message;
   * `OPTION_INVALID` for a `client` that the spool can't use
   * @example
   * ```ts
   * await client.query('BEGIN');
   * await client.query('INSERT INTO orders …');
   * await sender.send({ to: 'sip:bob@contoso.com', text: 'Your order is here.' }, { client });
   * await client.query('COMMIT');
   * ```
   */
  async send(message: OutgoingMessage, options: SendMessageOptions<Client> = {}): Promise<Receipt> {
    const read = readSend(options);
    this.#assertNotStopped();
    return this.#sending.send(message, read);
  }

  /** Sends many, some hundred at a time; one result a message, in order. One that is rejected rejects no other. */
  async sendMany(messages: readonly OutgoingMessage[]): Promise<readonly SendResult[]> {
    assertList(messages);
    return this.#sending.sendMany(messages, (message) => this.send(message));
  }

  /** What the gate and the classification say of a message; nothing is sent. Throws for bad input as `send()` does. */
  check(message: OutgoingMessage): Promise<CheckResult> {
    return this.#sending.check(message);
  }

  /** Replaces the policy for all sends from now on; what was accepted stays accepted. @throws {OfflineImError} `OPTION_INVALID` */
  setPolicy(policy: PolicySource): void {
    this.#policy = givenPolicy(policy);
    this.#trace.event('policy:changed', {});
  }

  /**
   * One attempt now for all that waits: skips the two minutes, not order, back-off or circuits. Works without `start()`.
   * Resolves with the number of entries by the state they came to.
   *
   * @param options.signal Begins nothing more when it aborts, and resolves with what was reached; what is in flight goes on. @default none
   */
  async flush(options: FlushOptions = {}): Promise<FlushCounts> {
    const { signal } = readFlush(options);
    this.#assertNotStopped();
    return this.#spooler.flush(signal);
  }

  /**
   * Where a message stands: its entries, one per audience, with what each waits for and when it is tried next. `undefined` when nothing (any more) is known of
   * it. Blocked mailboxes and unreachable servers are those that this process knows of.
   *
   * @throws {OfflineImError} `OPTION_INVALID`; `SENDER_STOPPED`, as all that look do
   * @example
   * ```ts
   * const status = await sender.status('ticket-4711');
   * for (const { state, waitingFor, nextAttemptAt } of status?.entries ?? []) console.log(state, waitingFor, nextAttemptAt);
   * ```
   */
  async status(messageId: string): Promise<MessageStatus | undefined> {
    assertId('status()', messageId);
    return statusOf(await this.#opened(), messageId, this.#clock, (lane) => this.#spooler.laneStanding(lane));
  }

  /** Entries, all or of one state, page by page inside. Delivered and cancelled ones are tombstones without text. */
  async *list(query: ListQuery = {}): AsyncIterable<MessageEntry> {
    const { state } = readList(query);
    for await (const entry of (await this.#opened()).list(state === undefined ? {} : { state })) yield shownEntry(entry);
  }

  /**
   * How it goes: entries by state, blocked mailboxes and unreachable servers with their reason and next trial, and what happened in this process within the last
   * minute. With a `limit` also entries by mailbox and the oldest that waits, for which up to `limit` entries are read.
   *
   * @throws {OfflineImError} `OPTION_INVALID`, `SENDER_STOPPED`
   */
  async stats(options: StatsOptions = {}): Promise<SenderStats> {
    const { limit } = readStats(options);
    return statsOf(await this.#opened(), this.#throughput, this.#clock, { limit }, this.#obstacles());
  }

  /**
   * Cancels a message or an entry. What is being sent can't be called back: then `from` and `to` of the change are equal, and it ends as cancelled only if
   * it turns out that it was not sent.
   *
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  cancel(id: string): Promise<readonly Change[]> {
    return this.#act(id, (ids) => this.#storage.cancel(ids));
  }

  /** Keeps a message or an entry from being sent until `release()`. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  hold(id: string): Promise<readonly Change[]> {
    return this.#act(id, (ids) => this.#storage.hold(ids));
  }

  /** Lets a held message or entry go on, at the end of the order. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  release(id: string): Promise<readonly Change[]> {
    return this.#act(id, (ids) => this.#storage.release(ids));
  }

  /**
   * Tries a dead message or entry again, at the end of the order. What may have been sent is looked for first.
   *
   * @param options.force Send without looking: someone may get it twice. @default false
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  async requeue(id: string, options: RequeueOptions = {}): Promise<readonly Change[]> {
    const { force } = readRequeue(options);
    return this.#act(id, (ids) => this.#storage.requeue(ids, { force }));
  }

  /** Forgets a delivered, dead or cancelled message or entry; its id still makes no second one for 24 h after its end. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  purge(id: string): Promise<readonly Change[]> {
    return this.#act(id, (ids) => this.#storage.purge(ids));
  }

  /**
   * Tries what is blocked or unreachable now instead of after its wait: one mailbox, or all.
   *
   * @param mailbox SMTP address. @default every mailbox
   * @throws {OfflineImError} `ADDRESS_INVALID`
   */
  retryNow(mailbox?: string): void {
    this.#spooler.retryNow(mailbox === undefined ? undefined : addressKey(parseAddress(mailbox, 'ADDRESS_INVALID')));
  }

  #obstacles(): Pick<SenderStats, 'blocked' | 'unavailable'> {
    const { blocked, unavailable } = this.#spooler.obstacles();
    const now = this.#clock.now();
    const shown = ({ reason, nextIn }: { readonly reason: Reason | undefined; readonly nextIn: number }) => ({
      reason: reason ?? { code: 'TRANSPORT_FAILED', text: 'The transport gave no reason.' },
      nextTrialAt: new Date(now + nextIn),
    });
    return {
      blocked: blocked.map((one) => ({ lane: one.lane, ...shown(one) })),
      unavailable: unavailable.map((one) => ({ endpoint: one.endpoint, ...shown(one) })),
    };
  }

  async #isKnown(messageId: string): Promise<boolean> {
    await this.#spooler.open();
    return (await this.#storage.findMessage(messageId)).length > 0;
  }

  async #act(id: string, action: (ids: readonly string[]) => Promise<readonly Change[]>): Promise<readonly Change[]> {
    assertId('The call', id);
    const changes = await actOn(await this.#opened(), id, action);
    this.#spooler.report(changes);
    return changes;
  }

  /** The spool, open. A sender that was stopped opens none: nobody would close it. */
  async #opened(): Promise<SpoolStorage> {
    if (!this.#spooler.hasOpened) this.#assertNotStopped();
    await this.#spooler.open();
    return this.#storage;
  }

  /** stop() never rejects: options that don't fit are a warning, and the defaults count. */
  #readStop(options: unknown): { readonly timeout: number; readonly signal: AbortSignal | undefined } {
    try {
      return readStop(options);
    } catch (error) {
      this.#trace.warn(asError(error));
      return { timeout: defaultStopTimeout, signal: undefined };
    }
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) throw senderStopped();
  }
}
