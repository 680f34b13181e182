import { whenAborted } from '../core/clock.ts';
import { missing } from '../core/errors/missing.ts';
import { asOfflineImError, OfflineImError } from '../core/errors/offline-im-error.ts';
import { KeyedQueue } from '../core/queues.ts';
import { type Stoppable, type StopSignals, settled } from '../core/stop.ts';
import { type GateDecision, GateRefusedError } from '../gating/gate.ts';
import { type NormalizedMessage, normalizeMessage, type OutgoingMessage, orderKey } from '../message/message.ts';
import type { Trace } from '../observability/trace.ts';
import type { AppendResult, NewSpoolEntry, SpoolStorage } from '../spool/contract.ts';
import { senderStopped } from '../spooler/opening.ts';
import type { Audience } from '../transport/contract.ts';
import {
  type AcceptanceContext,
  checkMessage,
  entriesOf,
  firstResult,
  type Receipt,
  receiptOf,
  unansweredAppend,
  unknownAppend,
} from './accept.ts';
import type { SendMessageOptions } from './call-options.ts';
import type { HighWaterMark } from './capacity.ts';

/**
 * How far a `send()` has come. `opening`: it waits for the spool to open, which always ends, and whose error says more than `SENDER_STOPPED` would.
 * `appending`: from here on, nobody can say that nothing was kept.
 */
type SendStage = 'preparing' | 'opening' | 'appending';

/** A `send()` whose caller is waiting. */
class InFlightSend {
  stage: SendStage = 'preparing';
  messageId = '';
  readonly reject: (error: unknown) => void;
  readonly #all: { readonly givenUp: boolean };

  constructor(reject: (error: unknown) => void, all: { readonly givenUp: boolean }) {
    this.reject = reject;
    this.#all = all;
  }

  /** Call it before each stage. @throws {OfflineImError} `SENDER_STOPPED` once sends are given up */
  enter(stage: SendStage, messageId = ''): void {
    if (this.#all.givenUp) throw notKept();
    this.stage = stage;
    this.messageId = messageId;
  }
}

/** Every `send()` in flight, so that stop() can wait for them, and reject those that don't end. */
class InFlightSends implements Stoppable {
  /** True once nothing more may be appended. */
  givenUp = false;
  readonly #sends = new Set<InFlightSend>();
  #idle: (() => void) | undefined;

  run<Result>(work: (send: InFlightSend) => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const send = new InFlightSend(reject, this);
      this.#sends.add(send);
      work(send).then(
        (result) => {
          resolve(result);
          this.#remove(send);
        },
        (error: unknown) => this.#end(send, error),
      );
    });
  }

  /** On `soft`, rejects sends that are being prepared; nothing is appended from then on. Openings and appends end by themselves, or are left behind. */
  async stop(signals: StopSignals): Promise<readonly string[]> {
    await settled(this.#whenIdle(), signals, () => {
      this.givenUp = true;
      for (const send of this.#sends) if (send.stage === 'preparing') this.#end(send, notKept());
    });
    this.givenUp = true;
    const appending = [...this.#sends].filter(({ stage }) => stage === 'appending');
    const others = this.#sends.size - appending.length;
    for (const send of this.#sends) {
      this.#end(send, send.stage === 'appending' ? unansweredAppend(send.messageId) : notKept());
    }
    return [
      ...(others === 0 ? [] : [`${others} send()`]),
      ...(appending.length === 0 ? [] : [`${appending.length} send() whose append has not returned`]),
    ];
  }

  #whenIdle(): Promise<void> {
    if (this.#sends.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #end(send: InFlightSend, error: unknown): void {
    send.reject(error);
    this.#remove(send);
  }

  #remove(send: InFlightSend): void {
    this.#sends.delete(send);
    if (this.#sends.size === 0) this.#idle?.();
  }
}

function notKept(): Error {
  return senderStopped('The sender was stopped before the message could be accepted; it was not kept.');
}

/** The result for one message of `sendMany()`. */
export type SendResult =
  | { readonly status: 'accepted'; readonly receipt: Receipt }
  | { readonly status: 'rejected'; readonly error: OfflineImError };

/** What `check()` resolves with: the gate's decision, and the entries that the message would become. */
export interface CheckResult {
  readonly decision: GateDecision;
  readonly entries: readonly {
    readonly audience: Audience;
    readonly messageClass: string;
    readonly recipients: readonly string[];
  }[];
}

/** What {@link Sending} needs of its sender. */
export interface SendingContext {
  readonly acceptance: Omit<AcceptanceContext, 'givenUp'>;
  readonly storage: SpoolStorage<unknown>;
  readonly highWater: HighWaterMark | undefined;
  readonly trace: Trace;
  /** Opens the spool, once. */
  open(): Promise<void>;
  /** Wakes the loop: new entries wait. */
  appended(entries: readonly NewSpoolEntry[]): void;
}

/** Messages of `sendMany()` in flight at a time: enough for group commit, with little memory however long the list is. */
const sentAtOnce = 512;

/** The way of a message into the spool: read, gated, classified, and appended in the order of the calls. */
export class Sending implements Stoppable {
  readonly #context: SendingContext;
  readonly #acceptance: AcceptanceContext;
  readonly #givenUp = new AbortController();
  readonly #turns = new KeyedQueue();
  readonly #inFlight = new InFlightSends();

  constructor(context: SendingContext) {
    this.#context = context;
    this.#acceptance = { ...context.acceptance, givenUp: this.#givenUp.signal };
  }

  send(message: OutgoingMessage, options: SendMessageOptions<unknown> = {}): Promise<Receipt> {
    return this.#inFlight.run((underWay) => this.#send(message, options, underWay));
  }

  async #send(
    message: OutgoingMessage,
    { client, traceparent }: SendMessageOptions<unknown>,
    underWay: InFlightSend,
  ): Promise<Receipt> {
    const { storage } = this.#context;
    const acceptance = this.#acceptance;
    if (client !== undefined) assertTransactions(storage);
    const normalized = readMessage(message, acceptance);
    const { messageId, entries, admitted, appended } = await this.#turns.inOrder(
      orderKey(normalized, acceptance.settings.sip),
      this.#prepare(normalized, traceparent, underWay),
      ({ entries, admitted }) => {
        const { messageId } = entries[0] ?? missing('The first entry of a message');
        underWay.enter('appending', messageId);
        // In an async function: a host's storage may throw synchronously.
        const appended = (async () => (client === undefined ? storage.append(entries) : storage.append(entries, { client })))();
        return { messageId, entries, admitted, appended };
      },
    );
    const result = await appended.then(firstResult).catch((error: unknown) => {
      admitted?.(undefined);
      if (client !== undefined) throw error;
      return unknownAppend(messageId, error);
    });
    admitted?.(result);
    // Not kept yet: the host's COMMIT wakes the loop.
    if (client !== undefined) return receiptOf(messageId, result);
    return this.#receipt(messageId, entries, result);
  }

  /** Sends as many at a time as are written together, in the order of the list. */
  async sendMany(
    messages: readonly OutgoingMessage[],
    send: (message: OutgoingMessage) => Promise<Receipt>,
  ): Promise<SendResult[]> {
    const results: SendResult[] = [];
    const rest = messages.entries();
    const next = async (): Promise<void> => {
      for (const [index, message] of rest) {
        results[index] = await send(message).then(
          (receipt): SendResult => ({ status: 'accepted', receipt }),
          (error: unknown): SendResult => ({ status: 'rejected', error: codedError(error) }),
        );
      }
    };
    await Promise.all(Array.from({ length: Math.min(sentAtOnce, messages.length) }, next));
    return results;
  }

  async check(message: OutgoingMessage): Promise<CheckResult> {
    const acceptance = this.#acceptance;
    const { decision, groups } = await checkMessage(acceptance, readMessage(message, acceptance));
    const entries = groups.map(({ recipients, ...group }) => ({
      ...group,
      recipients: recipients.map(({ address }) => address),
    }));
    return { decision, entries };
  }

  /** On `soft`, rejects sends that are being prepared; nothing is appended from then on. */
  async stop(signals: StopSignals): Promise<readonly string[]> {
    const forget = whenAborted(signals.soft, () => this.#givenUp.abort());
    const left = await this.#inFlight.stop(signals);
    forget();
    return left;
  }

  /** Checks a message against the gate, makes its entries, opens the spool and reserves room for them. */
  async #prepare(message: NormalizedMessage, traceparent: string | undefined, underWay: InFlightSend) {
    const { highWater, trace } = this.#context;
    const acceptance = this.#acceptance;
    const { decision, groups } = await checkMessage(acceptance, message);
    underWay.enter('preparing');
    if (!decision.allowed) {
      const { messageId } = message;
      trace.event('message:refused', { reasons: decision.reasons, ...(messageId === undefined ? {} : { messageId }) });
      throw new GateRefusedError(decision.reasons);
    }
    const entries = await entriesOf(acceptance, message, groups, traceparent);
    underWay.enter('opening');
    await this.#context.open();
    underWay.enter('preparing');
    return { entries, admitted: await highWater?.admit(entries) };
  }

  #receipt(messageId: string, entries: readonly NewSpoolEntry[], result: AppendResult): Receipt {
    const { trace } = this.#context;
    const receipt = receiptOf(messageId, result);
    if (receipt.duplicate) trace.event('message:duplicate', { messageId });
    else {
      for (const { id, audience, messageClass, pickupAt } of receipt.entries) {
        trace.event('message:spooled', { messageId, id, audience, messageClass, pickupAt });
      }
      this.#context.appended(entries);
    }
    return receipt;
  }
}

function assertTransactions({ capabilities, name }: Pick<SpoolStorage, 'capabilities' | 'name'>): void {
  if (capabilities.transactions === true) return;
  const text = `client was passed, but the ${name} spool can't join transactions; omit it, or use a PostgresSpool.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: 'client' } });
}

/** A getter of the host's object may throw, as that of a proxy that was revoked does. */
function readMessage(message: OutgoingMessage, { settings }: AcceptanceContext): NormalizedMessage {
  try {
    return normalizeMessage(message, settings.limits);
  } catch (error) {
    throw codedError(error);
  }
}

/** Whatever else is thrown comes from a function of the host, or from a spool that could not be opened. */
function codedError(error: unknown): OfflineImError {
  const text = 'The message could not be accepted: a function of the host threw.';
  return asOfflineImError(error) ?? new OfflineImError('MESSAGE_INVALID', text, { cause: error });
}
