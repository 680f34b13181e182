import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { isDate } from '../../../core/errors/thrown.ts';
import { statusOf } from '../graph/errors.ts';
import type { Fault, ItemSelection } from './fault.ts';
import type { FaultBook, FaultHandle, FaultSelector, FaultSubject } from './fault-book.ts';

const sending: ReadonlySet<string> = new Set([
  'CreateItem',
  'SendItem',
  ...['sendMail', 'sendMessage', 'reply', 'replyAll', 'forward'],
  '*',
]);

/**
 * Selects requests, then sets their fault. All conditions must hold; without any, every request of the operation gets the fault
 * until `remove()`, `faults.clear()` or `reset()`. If several faults apply, the one set first wins; delays add up.
 *
 * @example
 * ```ts
 * exchange.faults.on('CreateItem').nth(2).serverBusy({ backOff: 5000 });
 * exchange.faults.on('CreateItem').probability(0.1, { seed: 42 }).lostResponse();
 * exchange.faults.on('FindItem').once().http(503, { retryAfter: 30 });
 * ```
 */
export class FaultBuilder {
  readonly #book: FaultBook;
  readonly #selector: FaultSelector;

  /** @internal */
  constructor(book: FaultBook, selector: FaultSelector) {
    this.#book = book;
    this.#selector = selector;
  }

  /** Only the nth matching request from now on, counted from 1. */
  nth(n: number): FaultBuilder {
    return this.#with({ nth: n });
  }
  /** Every nth matching request. */
  every(n: number): FaultBuilder {
    return this.#with({ every: n });
  }
  /** At most this many times. */
  times(n: number): FaultBuilder {
    return this.#with({ times: n });
  }
  /** The next matching request only. */
  once(): FaultBuilder {
    return this.times(1);
  }
  /** With this probability; the same seed selects the same requests. Without `seed`, the exchange's `randomSeed` counts. */
  probability(p: number, options: { readonly seed?: number } = {}): FaultBuilder {
    return this.#with(options.seed === undefined ? { probability: p } : { probability: p, seed: options.seed });
  }
  /** Only requests of that login. */
  from(login: string): FaultBuilder {
    return this.#with({ login });
  }
  /** Only requests for that mailbox, impersonated or the login's own. */
  mailbox(address: string): FaultBuilder {
    return this.#with({ mailbox: address });
  }
  /** Only requests that name that recipient. */
  recipient(address: string): FaultBuilder {
    return this.#with({ recipient: address });
  }
  /** Only requests that the predicate accepts. */
  when(predicate: (request: FaultSubject) => boolean): FaultBuilder {
    return this.#with({ when: predicate });
  }

  /**
   * Nothing is processed; the server asks for a back-off (`backOff`, ms). `form: 'fault'` (default) is a SOAP fault with HTTP 500 (or
   * `status: 200`), `'item'` the same code in the body of a 200 for the chosen items. Without `backOff` there is no hint.
   */
  serverBusy(
    options: {
      readonly backOff?: number;
      readonly form?: 'fault' | 'item';
      readonly status?: 200 | 500;
      readonly items?: ItemSelection;
    } = {},
  ): FaultHandle {
    const { backOff, form = 'fault', status = 500, items = 'all' } = options;
    const fault = { kind: 'serverBusy', form, status, items } as const;
    return this.#add(backOff === undefined ? fault : { ...fault, backOff });
  }

  /** This HTTP status without SOAP, nothing processed, as from a proxy. `retryAfter`: seconds, or a date. */
  http(
    status: number,
    options: {
      readonly retryAfter?: number | Date | string;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): FaultHandle {
    const { retryAfter, body = '', headers = {} } = options;
    const value = isDate(retryAfter) ? retryAfter.toUTCString() : retryAfter;
    const all = value === undefined ? headers : { ...headers, 'retry-after': String(value) };
    return this.#add({ kind: 'http', status, headers: all, body });
  }
  /** 401, nothing processed, whatever the password is. */
  unauthorized(): FaultHandle {
    return this.http(401, { headers: { 'www-authenticate': 'Basic realm="simulator"' } });
  }
  /** 403, nothing processed: EWS is switched off. */
  forbidden(): FaultHandle {
    return this.http(403);
  }
  /** An HTML page with status 200, nothing processed. */
  html(body = '<!DOCTYPE html><html><body><h1>Please wait</h1></body></html>'): FaultHandle {
    return this.http(200, { body, headers: { 'content-type': 'text/html; charset=utf-8' } });
  }
  /** A SOAP fault with this code. `processed: true` processes everything first. */
  soapFault(code: string, options: { readonly status?: 200 | 500; readonly processed?: boolean } = {}): FaultHandle {
    return this.#add({ kind: 'soapFault', code, status: options.status ?? 500, processed: options.processed ?? false });
  }

  /**
   * This code for the chosen items. `processed: true` processes them all the same; `responseClass: 'Warning'` is what
   * Exchange uses for `ErrorBatchProcessingStopped`.
   */
  responseCode(
    code: string,
    options: { readonly items?: ItemSelection; readonly processed?: boolean; readonly responseClass?: 'Error' | 'Warning' } = {},
  ): FaultHandle {
    const { items = 'all', processed = false, responseClass = 'Error' } = options;
    return this.#add({ kind: 'responseCode', code, items, processed, responseClass });
  }
  /** The first `processed` items are processed; then a SOAP fault for the whole batch, or a response for those items only. */
  partialBatch(processed: number, options: { readonly answer?: 'fault' | 'fewer'; readonly code?: string } = {}): FaultHandle {
    const { answer = 'fault', code = 'ErrorInternalServerError' } = options;
    return this.#add({ kind: 'partialBatch', processed, answer, code });
  }

  /** The connection is reset before anything is processed. */
  resetBefore(): FaultHandle {
    return this.#add({ kind: 'resetBefore' });
  }
  /** Everything is processed and stored, then the connection is reset, after that share of the response's body: 0 (default) not a byte of it, 1 all but the last. */
  lostResponse(options: { readonly after?: number } = {}): FaultHandle {
    return this.#add({ kind: 'lostResponse', after: options.after ?? 0 });
  }
  /** Everything is processed; the response ends properly after that share of its XML, half by default. */
  truncated(options: { readonly after?: number } = {}): FaultHandle {
    return this.#add({ kind: 'truncated', after: options.after ?? 0.5 });
  }
  /** No response, ever; the connection stays open until it is closed. Not processed unless `processed: true`. */
  hang(options: { readonly processed?: boolean } = {}): FaultHandle {
    return this.#add({ kind: 'hang', processed: options.processed ?? false });
  }
  /** Processed at once; the response comes a few bytes at a time, by the clock. */
  drip(options: { readonly chunkBytes?: number; readonly interval?: number } = {}): FaultHandle {
    return this.#add({ kind: 'drip', chunkBytes: options.chunkBytes ?? 1, interval: options.interval ?? 100 });
  }
  /** Waits by the clock before processing. Adds to any other fault. */
  delay(ms: number): FaultHandle {
    return this.#add({ kind: 'delay', delay: ms });
  }

  /** The copy is saved, nothing is delivered, and the response has this code. The copy looks sent unless `unsent: true`. */
  copyStoredSendFailed(
    options: { readonly code?: string; readonly unsent?: boolean; readonly items?: ItemSelection } = {},
  ): FaultHandle {
    const { code = 'ErrorInternalServerTransientError', unsent = false, items = 'all' } = options;
    return this.#addToSending({ kind: 'copyStoredSendFailed', code, unsent, items });
  }
  /** A draft is left in the Drafts folder, and the response is `ErrorSendAsDenied`. */
  draftOnSendAsDenied(options: { readonly items?: ItemSelection } = {}): FaultHandle {
    return this.#addToSending({ kind: 'draftOnSendAsDenied', items: options.items ?? 'all' });
  }
  /** Sent at once; the saved copy appears `ms` later by the clock. */
  lateCopy(ms: number, options: { readonly items?: ItemSelection } = {}): FaultHandle {
    return this.#addToSending({ kind: 'lateCopy', delay: ms, items: options.items ?? 'all' });
  }
  /** The response is a success, but the message is held in the Outbox and sent `ms` later by the clock, as Exchange Online does with throttled mail; if it is deleted or moved before, it is never sent. */
  heldInOutbox(ms: number, options: { readonly items?: ItemSelection } = {}): FaultHandle {
    return this.#addToSending({ kind: 'heldInOutbox', delay: ms, items: options.items ?? 'all' });
  }

  /**
   * Graph: this code in Graph's shape, with its usual status unless `status` is given.
   * `processed: true` processes everything first, as for a 504 after the message was accepted.
   */
  graphError(
    code: string,
    options: {
      readonly status?: number;
      readonly message?: string;
      /** Seconds, or a date. */
      readonly retryAfter?: number | Date;
      readonly headers?: Readonly<Record<string, string>>;
      readonly processed?: boolean;
    } = {},
  ): FaultHandle {
    const { status = statusOf(code), message, retryAfter, headers = {}, processed = false } = options;
    const value = isDate(retryAfter) ? retryAfter.toUTCString() : retryAfter;
    const all = value === undefined ? headers : { ...headers, 'retry-after': String(value) };
    return this.#add({ kind: 'graphError', code, status, message, headers: all, processed });
  }
  /**
   * Whatever sends by Graph: accepted with 202, and the item stays in Drafts, unsent: for `ms` by the clock, or, without `ms`, for ever: then it
   * is never sent. `submitted`: it counts as submitted to transport.
   */
  staysInDrafts(options: { readonly ms?: number; readonly submitted?: boolean } = {}): FaultHandle {
    return this.#add({ kind: 'staysInDrafts', delay: options.ms, submitted: options.submitted ?? options.ms !== undefined });
  }
  /** Whatever sends by Graph: one request, one 202, and every recipient gets it twice. */
  sentTwice(): FaultHandle {
    return this.#add({ kind: 'sentTwice' });
  }
  /** Whatever sends by Graph: the Message-ID is replaced by the server's own. */
  messageIdRewritten(): FaultHandle {
    return this.#add({ kind: 'messageIdRewritten' });
  }
  /** Graph: a 200 without the expanded properties that were requested. */
  withoutExpanded(): FaultHandle {
    return this.#add({ kind: 'withoutExpanded' });
  }
  /** Graph: processed as usual, with these response headers as well, such as a Retry-After beside a 202. */
  alsoHeaders(headers: Readonly<Record<string, string>>): FaultHandle {
    return this.#add({ kind: 'alsoHeaders', headers });
  }
  /** `$batch` of Graph: the parts of the response are in reverse order, or the last one is missing. */
  parts(how: 'shuffled' | 'missing'): FaultHandle {
    return this.#add({ kind: how === 'shuffled' ? 'partsShuffled' : 'partsMissing' });
  }

  #with(more: Partial<FaultSelector>): FaultBuilder {
    return new FaultBuilder(this.#book, { ...this.#selector, ...more });
  }

  #add(fault: Fault): FaultHandle {
    return this.#book.add(this.#selector, fault);
  }

  #addToSending(fault: Fault): FaultHandle {
    if (sending.has(this.#selector.operation)) return this.#add(fault);
    throw new OfflineImError(
      'OPTION_INVALID',
      `${fault.kind} applies to operations that send, not to ${this.#selector.operation}.`,
    );
  }
}
