import { type Clock, systemClock, whenAborted } from '../core/clock.ts';
import { checkedClock, checkedRandom } from '../core/host-calls.ts';
import { ShutdownDeadline } from '../core/stop.ts';
import { timeOrderedId } from '../core/text.ts';
import type { OutgoingMessage } from '../message/message.ts';
import type { EventName, Listener } from '../observability/events.ts';
import type { SenderStats, StatsOptions } from '../observability/stats.ts';
import { Throughput, Trace, TypedEvents } from '../observability/trace.ts';
import type { Change } from '../spool/contract.ts';
import { senderStopped, stopAll } from '../spooler/opening.ts';
import { type FlushCounts, Spooler } from '../spooler/spooler.ts';
import type { Receipt } from './accept.ts';
import {
  type FlushOptions,
  type ListQuery,
  type RequeueOptions,
  readFlush,
  readSend,
  readSendMany,
  readStart,
  readStop,
  type SendManyOptions,
  type SendMessageOptions,
  type StartOptions,
  type StopOptions,
} from './call-options.ts';
import { HighWaterMark } from './capacity.ts';
import { Entries, laneOf, type PauseOptions } from './entries.ts';
import { givenPolicy, type OfflineImSenderOptions, type PolicySource, senderSettings } from './options.ts';
import { type CheckResult, Sending, type SendResult } from './send.ts';
import type { MessageEntry, MessageStatus } from './status.ts';

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
  readonly #events = new TypedEvents();
  readonly #trace: Trace;
  readonly #spooler: Spooler;
  readonly #sending: Sending;
  readonly #entries: Entries;
  readonly #shutdown: ShutdownDeadline;
  /** What takes the listeners of `start()` from their signals. */
  readonly #signals: (() => void)[] = [];
  #policy: PolicySource | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws {OfflineImError} `OPTION_INVALID`, `ADDRESS_INVALID` */
  constructor(options: OfflineImSenderOptions<Client>) {
    const settings = senderSettings(options);
    const { spool: storage, transport, logger, random, highWater } = settings;
    const warn = (error: Error): void => this.#trace.warn(error);
    const clock: Clock = checkedClock(settings.clock ?? systemClock, warn);
    const throughput = new Throughput(clock);
    this.#trace = new Trace(this.#events, logger, (name) => throughput.saw(name));
    this.#policy = settings.policy;
    this.#shutdown = new ShutdownDeadline(clock);
    this.#spooler = new Spooler({
      storage,
      transport,
      clock,
      random: random === undefined ? Math.random : checkedRandom(random, warn),
      options: settings.spooler,
      trace: this.#trace,
      owner: timeOrderedId(clock.now()),
      newNoteId: () => timeOrderedId(clock.now()),
    });
    this.#entries = new Entries({
      clock,
      storage,
      spooler: this.#spooler,
      throughput,
      assertNotStopped: () => this.#assertNotStopped(),
    });
    this.#sending = new Sending({
      acceptance: {
        settings,
        clock,
        policy: () => this.#policy,
        isKnown: (id) => this.#entries.isKnown(id),
        entryIdFor: (lane, id) => storage.entryIdFor?.(lane, id) ?? id,
      },
      storage,
      highWater: highWater && new HighWaterMark(highWater, storage, clock),
      trace: this.#trace,
      open: () => this.#spooler.open(),
      appended: (entries) => this.#spooler.appended(entries),
    });
  }

  /**
   * Calls `listener` at every event of that name, after `send()` or the step has been taken. A listener that throws, or whose promise rejects, disturbs
   * nothing; it is reported as `warning`. The same listener is added once per name. What other processes do to the spool is no event here; see `status()`.
   * @throws {OfflineImError} `OPTION_INVALID` for an unknown name
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls `listener` at the next event of that name only. @throws {OfflineImError} `OPTION_INVALID` for an unknown name */
  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#events.once(name, listener);
    return this;
  }

  /** Removes a listener. @throws {OfflineImError} `OPTION_INVALID` for an unknown name */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#events.off(name, listener);
    return this;
  }

  /**
   * Opens the spool and begins to deliver. A started sender keeps the process alive.
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
   * It never rejects and always ends: whatever hangs is left behind, at the latest 5 s after the timeout, and 5 s more where closing hangs too;
   * a `warning` (`STOP_INCOMPLETE`) then says what.
   * @param options.timeout ms after which stop() no longer waits, for everything together: requests in flight are aborted, sends still being prepared
   * rejected, and a spool that another process keeps from being opened is given up. A later call shortens that, and never lengthens it. @default 30_000
   * @param options.signal Ends the wait as soon as it aborts, also that of an earlier call. @default none
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { timeout, signal } = readStop(options, (error) => this.#trace.warn(error));
    for (const forget of this.#signals.splice(0)) forget();
    this.#shutdown.limit(timeout, signal);
    this.#stopping ??= stopAll(this.#spooler, this.#sending, this.#shutdown, this.#trace);
    await this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Accepts a message. When it resolves, the message is on durable storage and ends as delivered, dead or cancelled, whatever crashes.
   * @throws {GateRefusedError} `GATE_REFUSED` with every reason
   * @throws {OfflineImError} codes of bad input; `MAILBOX_UNRESOLVED`; `MESSAGE_ID_CONFLICT`; `SENDER_STOPPED`; `SPOOL_FULL` (see `highWater`) and `SPOOL_FAILED`, when nothing was kept;
   * `APPEND_OUTCOME_UNKNOWN` when the storage can't tell, or did not before `stop()` ended: send it again with `error.details.messageId`, which never makes a second message;
   * `OPTION_INVALID` for a `client` that the spool can't use, or a `traceparent` that is none
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
  async sendMany(messages: readonly OutgoingMessage[], options: SendManyOptions = {}): Promise<readonly SendResult[]> {
    const read = readSendMany(messages, options);
    return this.#sending.sendMany(messages, (message) => this.send(message, read));
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
   * @throws {OfflineImError} `OPTION_INVALID`; `SENDER_STOPPED`, as all that look do
   * @example
   * ```ts
   * const status = await sender.status('ticket-4711');
   * for (const { state, waitingFor, nextAttemptAt } of status?.entries ?? []) console.log(state, waitingFor, nextAttemptAt);
   * ```
   */
  status(messageId: string): Promise<MessageStatus | undefined> {
    return this.#entries.status(messageId);
  }

  /** Entries, all or of one state, page by page inside. Delivered and cancelled ones are tombstones without text. */
  list(query: ListQuery = {}): AsyncIterable<MessageEntry> {
    return this.#entries.list(query);
  }

  /**
   * How it goes: entries by state, blocked mailboxes and unreachable servers with their reason and next trial, and what happened in this process within the last
   * minute. With a `limit` also entries by mailbox and the oldest that waits, for which up to `limit` entries are read.
   * @throws {OfflineImError} `OPTION_INVALID`, `SENDER_STOPPED`
   */
  stats(options: StatsOptions = {}): Promise<SenderStats> {
    return this.#entries.stats(options);
  }

  /**
   * Cancels a message or an entry. What is being sent can't be called back: `from` and `to` of the change are equal, and it ends as cancelled only if it was not sent.
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  cancel(id: string): Promise<readonly Change[]> {
    return this.#entries.act('cancel', id);
  }

  /** Keeps a message or an entry from being sent until `release()`. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  hold(id: string): Promise<readonly Change[]> {
    return this.#entries.act('hold', id);
  }

  /** Lets a held message or entry go on, at the end of the order. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  release(id: string): Promise<readonly Change[]> {
    return this.#entries.act('release', id);
  }

  /**
   * Tries a dead message or entry again, at the end of the order. What may have been sent is looked for first.
   * @param options.force Send without looking: someone may get it twice. @default false
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  requeue(id: string, options: RequeueOptions = {}): Promise<readonly Change[]> {
    return this.#entries.requeue(id, options);
  }

  /** Forgets a delivered, dead or cancelled message or entry; its id still makes no second one for 24 h after its end. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  purge(id: string): Promise<readonly Change[]> {
    return this.#entries.act('purge', id);
  }

  /**
   * Tries what is blocked or unreachable now instead of after its wait: one mailbox, or all.
   * @param mailbox SMTP address. @default every mailbox
   * @throws {OfflineImError} `ADDRESS_INVALID`
   */
  retryNow(mailbox?: string): void {
    this.#spooler.retryNow(laneOf(mailbox));
  }

  /**
   * Delivers nothing of a mailbox, or of all, until `resume()`: in every process that has this spool open, within `pollInterval`, and across restarts. `send()` goes
   * on, and so do probes and what is under way; messages expire, and `probe.giveUpAfter` stands still for what is paused. What waits for it says `waitingFor: 'paused'`.
   * @param mailbox SMTP address. @default every mailbox
   * @throws {OfflineImError} `ADDRESS_INVALID`, `OPTION_INVALID`; `SPOOL_NOT_OPERABLE` where the spool can't keep it
   * @example `await sender.pause('alice@contoso.com', { why: 'her mailbox is being moved', by: 'carol' })`
   */
  pause(mailbox?: string, options: PauseOptions = {}): Promise<void> {
    return this.#entries.pause(mailbox, options);
  }

  /**
   * Lifts the pause of that mailbox, or, without one, that of all mailboxes; pauses of single mailboxes then stay. Resolves with whether there was one.
   * @throws {OfflineImError} `ADDRESS_INVALID`, `SPOOL_NOT_OPERABLE`
   */
  resume(mailbox?: string): Promise<boolean> {
    return this.#entries.resume(mailbox);
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) throw senderStopped();
  }
}
