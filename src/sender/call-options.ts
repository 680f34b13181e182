import { asError, isArray } from '../core/errors/thrown.ts';
import {
  abortSignal,
  byDefault,
  flag,
  invalidOption,
  milliseconds,
  type OptionRule,
  oneOf,
  optional,
  type RulesFor,
  readOptions,
  unchecked,
  whole,
} from '../core/options.ts';
import { formatTraceparent, readTraceparent } from '../core/trace-context.ts';
import type { StatsOptions } from '../observability/stats.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';

/** How `start()` is called. */
export interface StartOptions {
  /** Stops the sender when it aborts, as `stop()` does. With a signal that has already aborted, the sender never starts. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** How `stop()` is called. */
export interface StopOptions {
  /**
   * ms after which stop() aborts requests in flight, rejects sends that are still being prepared, and gives up opening a spool that another process holds. It
   * covers everything together. A later call can shorten it, never lengthen it.
   * @default 30_000
   */
  readonly timeout?: number | undefined;
  /** Ends the wait as soon as it aborts, even that of an earlier call. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** How one message is sent. */
export interface SendMessageOptions<Client = never> {
  /**
   * A `pg` client on which you have begun a transaction. The message is kept if that transaction commits, and never existed if it is rolled back, so that a
   * row of yours and the message about it are kept together. The promise of `send()` begins at your COMMIT: `message:spooled` is not emitted, and the receipt
   * is void if you roll back. Commit soon: until then, no other message of the conversation is accepted or delivered.
   * Only for a `PostgresSpool` on the same database; with any other spool it doesn't compile, and is `OPTION_INVALID`.
   *
   * @default the spool's own transaction
   */
  readonly client?: Client | undefined;
  /**
   * The W3C trace context of the caller, such as the header of a web request. Every spool keeps it beside the message (a sealed spool seals it too), and
   * `offline-im/opentelemetry` links it to the span of the note. It isn't part of the message: the same message under another context is a duplicate.
   * @default none
   */
  readonly traceparent?: string | undefined;
}

/** How the messages of `sendMany()` are sent. */
export type SendManyOptions = Pick<SendMessageOptions, 'traceparent'>;

/** How `flush()` is called. */
export interface FlushOptions {
  /** When it aborts, nothing more begins, and the flush resolves with what it has reached; requests in flight go on. @default none */
  readonly signal?: AbortSignal | undefined;
}

/** What `list()` shows. */
export interface ListQuery {
  /** Only entries in this state. @default all */
  readonly state?: SpoolState | undefined;
}

/** How `requeue()` is called. */
export interface RequeueOptions {
  /** Send without a probe: someone may get the message twice. @default false */
  readonly force?: boolean | undefined;
}

const defaultStopTimeout = 30_000;

const signal = optional(abortSignal());
const startRules = { signal } satisfies RulesFor<StartOptions>;
const stopRules = {
  timeout: byDefault(milliseconds(0, Number.MAX_SAFE_INTEGER), defaultStopTimeout),
  signal,
} satisfies RulesFor<StopOptions>;
const listRules = { state: optional(oneOf(spoolStates)) } satisfies RulesFor<ListQuery>;
const requeueRules = { force: byDefault(flag(), false) } satisfies RulesFor<RequeueOptions>;
const statsRules = { limit: byDefault(whole(0, Number.MAX_SAFE_INTEGER), 0) } satisfies RulesFor<StatsOptions>;
/** A later version is reduced to version 00, which every reader knows. */
const traceparent: OptionRule<string> = {
  expected: 'a traceparent of W3C Trace Context: 00-<trace id>-<parent id>-<flags>, in lower case',
  read(value, path) {
    const context = readTraceparent(value);
    if (context === undefined) throw invalidOption(path, value, this.expected);
    return formatTraceparent(context);
  },
};
const sendRules = {
  client: unchecked<unknown>(),
  traceparent: optional(traceparent),
} satisfies RulesFor<SendMessageOptions>;
const sendManyRules = { traceparent: optional(traceparent) } satisfies RulesFor<SendManyOptions>;

// Each throws `OPTION_INVALID`.
export const readStart = (given: unknown) => readOptions('start()', given, startRules);
export const readFlush = (given: unknown) => readOptions('flush()', given, startRules);
export const readList = (given: unknown) => readOptions('list()', given, listRules);
export const readRequeue = (given: unknown) => readOptions('requeue()', given, requeueRules);
export const readStats = (given: unknown) => readOptions('stats()', given, statsRules);
export const readSendMany = (messages: unknown, given: unknown) => {
  if (!isArray(messages)) throw invalidOption({ owner: 'sendMany()', name: 'messages' }, messages, 'an array of messages');
  return readOptions('sendMany()', given, sendManyRules);
};
export const readSend = (given: unknown) => readOptions('send()', given, sendRules);

/** stop() never rejects: invalid options cause a warning, and the defaults apply. */
export function readStop(
  given: unknown,
  warn: (error: Error) => void,
): { readonly timeout: number; readonly signal: AbortSignal | undefined } {
  try {
    return readOptions('stop()', given, stopRules);
  } catch (error) {
    warn(asError(error));
    return { timeout: defaultStopTimeout, signal: undefined };
  }
}

/** @throws {OfflineImError} `OPTION_INVALID` for anything but a non-empty string */
export function assertId(owner: string, id: unknown): asserts id is string {
  if (typeof id !== 'string' || id === '') throw invalidOption({ owner, name: 'id' }, id, 'the id of a message or an entry');
}
