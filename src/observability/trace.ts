import { EventEmitter } from 'eventemitter3';
import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { asError, errorFields, isError } from '../core/errors/thrown.ts';
import { tell, tellOf } from '../core/host-calls.ts';
import { nearestName } from '../core/options.ts';
import type { EventName, Listener, OfflineImEvents } from './events.ts';

/**
 * Receives the trace. A pino logger fits as it is; `traceFile()` of `offline-im/file` makes one that writes NDJSON.
 *
 * Fields are ids, states, attempts, timings in ms and codes, never message text, passwords or tokens. `fields.step` names the step, such as `message:spooled` or
 * `ews:request`. The result of a method is ignored, and so are its errors, which could be reported nowhere else.
 */
export interface Logger {
  /** The steps of a message, such as requests and probes. */
  debug(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  /** Events of normal operation. */
  info(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  /** Events that someone should see: a blocked mailbox, a dead message, a warning. */
  warn(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  /** Not called so far; loggers have it. */
  error(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
}

/** The name of every event; the compiler keeps it complete. */
const names: Readonly<Record<EventName, true>> = {
  'message:spooled': true,
  'message:refused': true,
  'message:duplicate': true,
  'message:picked-up': true,
  'message:delivered': true,
  'message:deferred': true,
  'message:unconfirmed': true,
  'message:dead': true,
  'message:held': true,
  'message:cancelled': true,
  'note:settled': true,
  'lane:blocked': true,
  'lane:resumed': true,
  'transport:unavailable': true,
  'transport:available': true,
  'spool:corrupt': true,
  'spool:idle': true,
  'policy:changed': true,
  started: true,
  stopped: true,
  warning: true,
};

/** A listener that can't throw. */
type Guarded = (event: unknown) => void;

/** @throws {OfflineImError} `OPTION_INVALID` for a name that no event has, or a listener that is no function. */
function assertListener(name: unknown, listener: unknown): void {
  const known = Object.keys(names);
  if (typeof name !== 'string' || !Object.hasOwn(names, name)) {
    const nearest = typeof name === 'string' ? `; the nearest one is ${nearestName(name.slice(0, 64), known)}` : '';
    throw new OfflineImError('OPTION_INVALID', `${quoted(name)} is not an event${nearest}.`, { details: { option: 'name' } });
  }
  if (typeof listener === 'function') return;
  throw new OfflineImError('OPTION_INVALID', `The listener of ${name} is ${quoted(listener)}; expected a function.`, {
    details: { option: 'listener' },
  });
}

/** Typed events. A listener that throws, or whose promise rejects, disturbs nothing: it is reported as `warning`. */
export class TypedEvents {
  readonly #emitter = new EventEmitter();
  readonly #guarded = new WeakMap<object, Map<EventName, Guarded>>();

  /** Calls the listener for every event of that name. Adding the same listener twice has no effect. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    if (this.#guarded.get(listener)?.has(name)) return this;
    const guarded = this.#guard(name, listener);
    this.#remember(name, listener, guarded);
    this.#emitter.on(name, guarded);
    return this;
  }

  /** Calls the listener for the next event of that name only. A listener that was added before stays as it is. */
  once<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    if (this.#guarded.get(listener)?.has(name)) return this;
    const guarded = this.#guard(name, (event: OfflineImEvents[Name]) => {
      // Before the call: the listener may want to listen again.
      this.off(name, listener);
      return listener(event);
    });
    this.#remember(name, listener, guarded);
    this.#emitter.on(name, guarded);
    return this;
  }

  /** Removes a listener. */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    const guarded = this.#guarded.get(listener)?.get(name);
    if (guarded !== undefined) this.#emitter.off(name, guarded);
    this.#guarded.get(listener)?.delete(name);
    return this;
  }

  /** Whether anybody listens. */
  listens(name: EventName): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  emit<Name extends EventName>(name: Name, event: OfflineImEvents[Name]): void {
    this.#emitter.emit(name, event);
  }

  #guard<Name extends EventName>(name: Name, listener: Listener<Name>): Guarded {
    const failed = (error: unknown): void => this.#listenerFailed(name, error);
    return (event) => tellOf(listener, event as OfflineImEvents[Name], failed);
  }

  #remember(name: EventName, listener: object, guarded: Guarded): void {
    const byName = this.#guarded.get(listener) ?? new Map<EventName, Guarded>();
    byName.set(name, guarded);
    this.#guarded.set(listener, byName);
  }

  #listenerFailed(name: EventName, error: unknown): void {
    // A listener of `warning` that throws would call itself endlessly.
    if (name === 'warning') return;
    this.emit('warning', { error: asError(error) });
  }
}

/** The events that {@link Throughput} counts, with the names of their counts. */
const counted = {
  'message:spooled': 'spooled',
  'message:delivered': 'delivered',
  'message:deferred': 'deferred',
  'message:unconfirmed': 'unconfirmed',
  'message:dead': 'dead',
  'message:cancelled': 'cancelled',
} as const satisfies Partial<Record<EventName, keyof LastMinute>>;

type Counted = keyof LastMinute;

const seconds = 60;

/** What happened to entries in this process within the last minute. An entry that was deferred twice counts twice. */
export type LastMinute = Readonly<Record<'spooled' | 'delivered' | 'deferred' | 'unconfirmed' | 'dead' | 'cancelled', number>>;

/** Counts the events of the last minute, by the second, in constant memory. */
export class Throughput {
  readonly #clock: Pick<Clock, 'monotonic'>;
  /** The second that each slot counts. */
  readonly #stamps = new Float64Array(seconds).fill(-1);
  readonly #slots: Readonly<Record<Counted, Uint32Array>>;

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
    const slots = Object.values(counted).map((name) => [name, new Uint32Array(seconds)]);
    this.#slots = Object.fromEntries(slots) as Record<Counted, Uint32Array>;
  }

  saw(event: EventName): void {
    if (!(event in counted)) return;
    const second = Math.floor(this.#clock.monotonic() / 1_000);
    const slot = ((second % seconds) + seconds) % seconds;
    if (this.#stamps[slot] !== second) {
      this.#stamps[slot] = second;
      for (const counts of Object.values(this.#slots)) counts[slot] = 0;
    }
    const counts = this.#slots[counted[event as keyof typeof counted]];
    counts[slot] = (counts[slot] ?? 0) + 1;
  }

  lastMinute(): LastMinute {
    const now = Math.floor(this.#clock.monotonic() / 1_000);
    const recent = [...this.#stamps.keys()].filter((slot) => (this.#stamps[slot] ?? -1) > now - seconds);
    const sums = Object.entries(this.#slots).map(([name, counts]) => [
      name,
      recent.reduce((sum, slot) => sum + (counts[slot] ?? 0), 0),
    ]);
    return Object.fromEntries(sums) as LastMinute;
  }
}

/** Events that someone should see: without a logger or a listener, they go to the console. */
const loud: ReadonlySet<EventName> = new Set<EventName>(['lane:blocked', 'transport:unavailable', 'message:dead', 'warning']);

/**
 * The record of every step of every message, as the ETL log is for the product. Events go to listeners and the logger, steps to the logger only. It holds ids, states,
 * attempts, timings and codes, never text.
 */
export class Trace {
  readonly #events: TypedEvents;
  readonly #logger: Logger | undefined;
  readonly #saw: (name: EventName) => void;

  /** @param saw Called for each event, whoever listens. */
  constructor(events: TypedEvents, logger: Logger | undefined, saw: (name: EventName) => void = () => {}) {
    this.#events = events;
    this.#logger = logger;
    this.#saw = saw;
  }

  /** Emits an event to listeners, and logs it. */
  event<Name extends EventName>(name: Name, event: OfflineImEvents[Name]): void {
    this.#saw(name);
    if (this.#logger !== undefined) this.#log(loud.has(name) ? 'warn' : 'info', name, event);
    if (this.#events.listens(name)) this.#events.emit(name, event);
    else if (this.#logger === undefined && loud.has(name)) tell(() => console.warn(`offline-im ${name}`, loggable(event)));
  }

  /** Whether anybody would see such an event; otherwise it need not be made. */
  hears(name: EventName): boolean {
    return this.#logger !== undefined || this.#events.listens(name) || loud.has(name);
  }

  /** Whether there is a logger. */
  get logs(): boolean {
    return this.#logger !== undefined;
  }

  /** Whether anybody listens to an event that isn't logged. */
  listens(name: EventName): boolean {
    return this.#events.listens(name);
  }

  /** Emits an event to listeners only. */
  listened<Name extends EventName>(name: Name, event: OfflineImEvents[Name]): void {
    this.#events.emit(name, event);
  }

  /** Logs a step. */
  step(name: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#logger !== undefined) this.#log('debug', name, fields);
  }

  /** Something that loses no message, but that someone should know. */
  warn(error: Error): void {
    this.event('warning', { error });
  }

  #log(level: 'debug' | 'info' | 'warn', step: string, fields: object): void {
    // A logger that fails must not stop delivery; its error could be reported nowhere else.
    const logger = this.#logger;
    if (logger !== undefined) tell(() => logger[level]({ step, ...loggable(fields) }));
  }
}

/** Errors among the fields as {@link errorFields}. */
function loggable(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isError(value) ? errorFields(value) : value]));
}
