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
 * Leaves messages for people who are offline: `send()` spools a message, and two minutes later a missed-conversation note goes to the recipient's mailbox.
 * No message is lost, none is sent twice, and no draft is left behind; docs/guarantees.md says what that means and where it ends.
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
  /** Remove the listeners that `start()` added to signals. */
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
   * Calls `listener` for every event of that name, once the step it reports is done. A listener that throws, or whose promise rejects, disturbs nothing and is
   * reported as `warning`. Adding the same listener twice has no effect. Events report what this process does; for what others do to the spool, ask `status()`.
   * @throws {OfflineImError} `OPTION_INVALID` for an unknown name
   */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    this.#events.on(name, listener);
    return this;
  }

  /** Calls `listener` for the next event of that name only. @throws {OfflineImError} `OPTION_INVALID` for an unknown name */
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
   * Opens the spool and starts delivering. A started sender keeps the process alive.
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
   * Finishes the notes and sends in flight, then closes spool and transport. Waiting messages keep waiting; whatever is cut off is probed after the next start.
   * It never rejects and always ends: whatever hangs is left behind at most 5 s after the timeout, or 10 s if closing hangs too, and a `warning`
   * (`STOP_INCOMPLETE`) says what was left.
   */
  async stop(options: StopOptions = {}): Promise<void> {
    const { timeout, signal } = readStop(options, (error) => this.#trace.warn(error));
    for (const forget of this.#signals.splice(0)) forget();
    this.#shutdown.limit(timeout, signal);
    this.#stopping ??= stopAll(this.#spooler, this.#sending, this.#shutdown, this.#trace);
    await this.#stopping;
  }

  /** Calls `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Accepts a message. Once it resolves, the message is on durable storage and ends as delivered, dead or cancelled, whatever crashes.
   * @throws {GateRefusedError} `GATE_REFUSED` with every reason
   * @throws {OfflineImError} the codes of invalid input; `POLICY_FAILED`, `POLICY_TIMEOUT`; `MAILBOX_UNRESOLVED`; `MESSAGE_ID_CONFLICT`; `SENDER_STOPPED`;
   * `SPOOL_FULL` (see `highWater`) and `SPOOL_FAILED`, with nothing kept; `APPEND_OUTCOME_UNKNOWN` when the storage can't tell, or didn't before `stop()` ended: send
   * it again with `error.details.messageId`, which never makes a second message; `OPTION_INVALID` for a `client` that the spool can't use, or a bad `traceparent`
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

  /** Sends many messages, several hundred at a time. One result per message, in order; a rejected one doesn't affect the others. @throws {OfflineImError} `OPTION_INVALID` */
  async sendMany(messages: readonly OutgoingMessage[], options: SendManyOptions = {}): Promise<readonly SendResult[]> {
    const read = readSendMany(messages, options);
    return this.#sending.sendMany(messages, (message) => this.send(message, read));
  }

  /**
   * Runs gate and classification on a message without sending it. The gate's refusal is a result.
   * @throws {OfflineImError} the codes of invalid input, `POLICY_FAILED`, `POLICY_TIMEOUT`, `MAILBOX_UNRESOLVED`
   */
  check(message: OutgoingMessage): Promise<CheckResult> {
    return this.#sending.check(message);
  }

  /** Replaces the policy for all further sends; messages that were accepted stay accepted. @throws {OfflineImError} `OPTION_INVALID` */
  setPolicy(policy: PolicySource): void {
    this.#policy = givenPolicy(policy);
    this.#trace.event('policy:changed', {});
  }

  /**
   * Attempts everything that waits once, now: skips the two minutes, but not order, back-off or circuits. Works without `start()`. Resolves with the number of
   * entries by the state they reached.
   * @throws {OfflineImError} `SENDER_STOPPED`, and the codes of opening the spool
   */
  async flush(options: FlushOptions = {}): Promise<FlushCounts> {
    const { signal } = readFlush(options);
    this.#assertNotStopped();
    return this.#spooler.flush(signal);
  }

  /**
   * Returns the entries of a message, one per audience, with what each is waiting for and when it is tried next; `undefined` if the message is unknown or
   * forgotten. Blocked mailboxes and unreachable servers are those that this process knows of.
   * @throws {OfflineImError} `OPTION_INVALID`, `SENDER_STOPPED`
   * @example
   * ```ts
   * const status = await sender.status('ticket-4711');
   * for (const { state, waitingFor, nextAttemptAt } of status?.entries ?? []) console.log(state, waitingFor, nextAttemptAt);
   * ```
   */
  status(messageId: string): Promise<MessageStatus | undefined> {
    return this.#entries.status(messageId);
  }

  /** Iterates over all entries, or those in one state; reads them page by page. Delivered and cancelled entries are tombstones without text. */
  list(query: ListQuery = {}): AsyncIterable<MessageEntry> {
    return this.#entries.list(query);
  }

  /**
   * Counts entries by state; tells blocked mailboxes, unreachable servers and pauses, and what this process did within the last minute. With a `limit`, it reads up
   * to that many entries for the number by mailbox and the age of the oldest.
   * @throws {OfflineImError} `OPTION_INVALID`, `SENDER_STOPPED`
   */
  stats(options: StatsOptions = {}): Promise<SenderStats> {
    return this.#entries.stats(options);
  }

  /**
   * Cancels a message or an entry. A note in flight can't be recalled: `from` and `to` are then equal, and it ends as cancelled only if it was not sent.
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  cancel(id: string): Promise<readonly Change[]> {
    return this.#entries.act('cancel', id);
  }

  /** Keeps a message or an entry from being sent until `release()`. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  hold(id: string): Promise<readonly Change[]> {
    return this.#entries.act('hold', id);
  }

  /** Releases a held message or entry; it goes to the end of the order. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  release(id: string): Promise<readonly Change[]> {
    return this.#entries.act('release', id);
  }

  /**
   * Tries a dead message or entry again, at the end of the order. If it may have been sent, it is probed first.
   * @throws {OfflineImError} `ENTRY_UNKNOWN`
   */
  requeue(id: string, options: RequeueOptions = {}): Promise<readonly Change[]> {
    return this.#entries.requeue(id, options);
  }

  /** Forgets a delivered, dead or cancelled message or entry. Its id still makes no second message for `idRetention` after its end. @throws {OfflineImError} `ENTRY_UNKNOWN` */
  purge(id: string): Promise<readonly Change[]> {
    return this.#entries.act('purge', id);
  }

  /**
   * Tries a blocked mailbox or an unreachable server now instead of after its wait.
   * @param mailbox SMTP address. @default every mailbox
   * @throws {OfflineImError} `ADDRESS_INVALID`
   */
  retryNow(mailbox?: string): void {
    this.#spooler.retryNow(laneOf(mailbox));
  }

  /**
   * Stops delivering from a mailbox, or from all, until `resume()`: in every process that has this spool open, within `pollInterval`, and across restarts.
   * `send()`, probes and requests in flight go on. Messages still expire, but `probe.giveUpAfter` doesn't run; `status()` shows `waitingFor: 'paused'`.
   * @param mailbox SMTP address. @default every mailbox
   * @throws {OfflineImError} `ADDRESS_INVALID`, `OPTION_INVALID`; `SPOOL_NOT_OPERABLE` where the spool can't keep it
   * @example `await sender.pause('alice@contoso.com', { why: 'her mailbox is being moved', by: 'carol' })`
   */
  pause(mailbox?: string, options: PauseOptions = {}): Promise<void> {
    return this.#entries.pause(mailbox, options);
  }

  /**
   * Lifts the pause of a mailbox, or the pause of all mailboxes; pauses of single mailboxes then stay. Resolves with whether there was one.
   * @throws {OfflineImError} `ADDRESS_INVALID`, `SPOOL_NOT_OPERABLE`
   */
  resume(mailbox?: string): Promise<boolean> {
    return this.#entries.resume(mailbox);
  }

  #assertNotStopped(): void {
    if (this.#stopping !== undefined) throw senderStopped();
  }
}
