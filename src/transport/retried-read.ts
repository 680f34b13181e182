import pRetry from 'p-retry';
import { type Clock, sleep } from '../core/clock.ts';
import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { isA } from '../core/errors/thrown.ts';

/** A request that changes nothing (a search, a look at a folder), and how its reply is judged. */
export interface RetriedRead<Reply> {
  /** Asks the server; never rejects. `timeout`: the ms left for it. */
  ask(timeout: number): Promise<Reply>;
  /** Whether the same request may succeed a moment later. */
  mayPass(reply: Reply): boolean;
  /** The reply when the signal aborts before the first attempt or between two of them. */
  aborted(): Reply;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** ms for all attempts together. */
  readonly timeout: number;
}

/** Carries a reply through p-retry, which repeats for errors only, and only for those that are `Error`s. */
class PassingFailure extends Error {
  readonly reply: unknown;

  constructor(reply: unknown) {
    super('a read that may pass when repeated');
    this.reply = reply;
  }
}

/**
 * Repeats a read up to twice, after short pauses, when something broke on the way: a probe of one note may take five requests, so that on a line that loses one in ten
 * it would hardly ever get through. The last reply counts. A read is not repeated if the pause before it would outlast the time-out.
 */
export async function retriedRead<Reply>(read: RetriedRead<Reply>): Promise<Reply> {
  const { clock, signal, timeout } = read;
  const end = clock.monotonic() + timeout;
  let pause = 0;
  let before: { readonly reply: Reply } | undefined;
  try {
    return await pRetry(
      async (attempt) => {
        if (attempt > 1 && !(await sleep(clock, pause, signal))) signal.throwIfAborted();
        // A timer may fire late. An attempt without time left would end with its own time-out instead of the reply at hand.
        if (before !== undefined && clock.monotonic() >= end) return before.reply;
        const reply = await read.ask(Math.max(1, Math.ceil(end - clock.monotonic())));
        pause = pauseAfter(attempt);
        if (!read.mayPass(reply) || clock.monotonic() + pause >= end) return reply;
        before = { reply };
        throw new PassingFailure(reply);
      },
      // The pauses are ours: p-retry knows no clock but the machine's.
      { retries: 2, minTimeout: 0, maxTimeout: 0, signal },
    );
  } catch (error) {
    return isA(error, PassingFailure) ? (error.reply as Reply) : read.aborted();
  }
}

/** ms: 100 to 200, then twice that; random, so that senders hit by one fault don't come back together. */
function pauseAfter(attempt: number): number {
  return 100 * 2 ** (attempt - 1) * (1 + Math.random());
}

/** Whether the fault behind a request without an answer may pass. */
export function brokeOnTheWay(error: OfflineImError): boolean {
  return ['ENDPOINT_UNREACHABLE', 'CONNECTION_LOST', 'RESPONSE_UNREADABLE'].includes(error.code);
}

/** Whether the fault behind a status may pass. A server that asks for a pause is not asked again. */
export function serverFailed(answer: { readonly status: number; readonly retryAfter?: number | undefined }): boolean {
  return answer.status >= 500 && answer.retryAfter === undefined;
}
