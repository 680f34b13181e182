import { isError } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import type { EventName, OfflineImEvents, TypedEvents } from './events.ts';

/**
 * Where the trace goes. A pino logger fits as it is; `traceFile()` in `offline-im/file` makes one that writes NDJSON.
 *
 * Fields are ids, states, attempts, timings in ms and codes, never message text, addresses' passwords or tokens.
 * `fields.step` names the step, such as `message:spooled` or `ews:request`. What a method returns is ignored; what it throws, or its promise rejects with,
 * is swallowed: there is nowhere left to say it.
 */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  info(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  warn(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
  error(fields: Readonly<Record<string, unknown>>, message?: string): unknown;
}

/** Events that should not go unseen: without a logger or a listener they reach the console. */
const loud: ReadonlySet<EventName> = new Set<EventName>(['lane:blocked', 'transport:unavailable', 'message:dead', 'warning']);

/**
 * The record of every step of every message: what the ETL log is to the product. Events go to listeners and to the logger, steps to the logger only;
 * ids, states, attempts, timings and codes, never text.
 */
export class Trace {
  readonly #events: TypedEvents;
  readonly #logger: Logger | undefined;
  readonly #saw: (name: EventName) => void;

  /** @param saw Told of each event, whoever listens. */
  constructor(events: TypedEvents, logger: Logger | undefined, saw: (name: EventName) => void = () => {}) {
    this.#events = events;
    this.#logger = logger;
    this.#saw = saw;
  }

  /** Tells listeners and the log. */
  event<Name extends EventName>(name: Name, event: OfflineImEvents[Name]): void {
    this.#saw(name);
    const level = loud.has(name) ? 'warn' : 'info';
    this.#log(level, name, event);
    if (this.#events.listens(name)) this.#events.emit(name, event);
    else if (this.#logger === undefined && loud.has(name)) tell(() => console.warn(`offline-im ${name}`, loggable(event)));
  }

  /** Tells the log only. */
  step(name: string, fields: Readonly<Record<string, unknown>>): void {
    this.#log('debug', name, fields);
  }

  /** Something that loses no message, but that someone should know. */
  warn(error: Error): void {
    this.event('warning', { error });
  }

  #log(level: 'debug' | 'info' | 'warn', step: string, fields: object): void {
    // A logger that fails must not stop delivery, and there is nowhere left to say so.
    const logger = this.#logger;
    if (logger !== undefined) tell(() => logger[level]({ step, ...loggable(fields) }));
  }
}

/** Errors by name, code and, where they are ours and so hold no text, message. */
function loggable(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isError(value) ? errorFields(value) : value]));
}

function errorFields(error: Error): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const ours = error.name === 'OfflineImError' || error.name === 'GateRefusedError';
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(ours ? { message: error.message } : {}),
    ...(isError(cause) ? { cause: errorFields(cause) } : {}),
  };
}
