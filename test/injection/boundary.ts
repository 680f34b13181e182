/**
 * Every place where our code calls the platform or listens to it, found at run time: each call and subscription is identified by
 * its name and by the line of `src` that makes it. One place at a time can be made to fail.
 *
 * Only direct calls from files of `src` count, not those that Node or a driver makes beneath.
 */
import { EventEmitter } from 'node:events';
import { join } from 'node:path';

/** `before`: fails and does nothing. `after`: is done, and then fails. `emits`: an emitter reports an error, or nonsense, later. */
export type Manner = 'before' | 'after' | 'emits';

export interface Site {
  readonly what: string;
  readonly where: string;
  readonly manners: readonly Manner[];
  /** How often the place was reached. */
  hits: number;
}

const src = join(import.meta.dirname, '../../src/');
const own = import.meta.url;

const sites = new Map<string, Site>();
let armed: { readonly key: string; readonly manner: Manner; skip: number } | undefined;
let struck = 0;
/** Simulated servers are not under test. */
const counted = (where: string): boolean => !where.startsWith('testing/');

export const seen = (): ReadonlyMap<string, Site> => sites;

/** Lets one call of that place fail, after skipping a number of them. */
export function arm(key: string, manner: Manner, skip: number): void {
  armed = { key, manner, skip };
  struck = 0;
}

/** Stops all faults; returns how many there were. */
export function disarm(): number {
  armed = undefined;
  return struck;
}

export const strikes = (): number => struck;

/** The line of `src` that made the call directly. */
function caller(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 12;
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const first = lines.find((line) => !line.includes(own) && !line.includes('at async ') && !line.includes('(<anonymous>)'));
  const at = first?.indexOf(src) ?? -1;
  if (first === undefined || at < 0) return undefined;
  const where = /^[^:)]+:\d+/.exec(first.slice(at + src.length))?.[0];
  return where !== undefined && counted(where) ? where : undefined;
}

/** Whether this call fails, and how. */
function fate(what: string, manners: readonly Manner[]): Manner | undefined {
  const where = caller();
  if (where === undefined) return undefined;
  const key = `${what} @ ${where}`;
  const site = sites.get(key) ?? { what, where, manners, hits: 0 };
  sites.set(key, site);
  site.hits += 1;
  if (armed?.key !== key || struck > 0) return undefined;
  armed.skip -= 1;
  if (armed.skip >= 0) return undefined;
  struck += 1;
  return armed.manner;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

const later = globalThis.setTimeout;

/** An error as a system reports it, for a file or a socket. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code, errno: -5, syscall: 'injected' });
}

const isEmitter = (value: unknown): value is EventEmitter => value instanceof EventEmitter;

/** How such an object breaks: with its connection, if it has one. */
function breakDown(emitter: EventEmitter): void {
  const { connection, destroy } = emitter as { connection?: { stream?: { destroy?(error: Error): void } }; destroy?: unknown };
  const error = systemError('ECONNRESET');
  if (typeof connection?.stream?.destroy === 'function') connection.stream.destroy(error);
  else if (typeof destroy === 'function') Reflect.apply(destroy, emitter, [error]);
  else emitter.emit('error', error);
}

/** Wraps one function. `fails` provides the error it throws, rejects with or passes to its callback. */
function wrapped(what: string, inner: Method, fails: () => unknown, style: 'sync' | 'promise' | 'callback'): Method {
  const emitted = (result: unknown): unknown => {
    if (!isEmitter(result)) return result;
    if (fate(`emitter of ${what}`, ['emits']) === 'emits') later(() => breakDown(result), 2);
    return result;
  };
  return function (this: unknown, ...args) {
    const manner = fate(what, mannersOf(what, style));
    if (manner === undefined) {
      const result = Reflect.apply(inner, this, args);
      return style === 'promise' ? result : emitted(result);
    }
    if (style === 'promise') {
      const error = fails();
      if (manner === 'before') return Promise.reject(error);
      return Promise.resolve(Reflect.apply(inner, this, args)).then(() => Promise.reject(error));
    }
    if (style === 'callback') {
      const callback = args.findLast((argument) => typeof argument === 'function') as Method | undefined;
      if (callback !== undefined) return void later(() => Reflect.apply(callback, undefined, [fails()]), 1);
    }
    if (manner === 'after') Reflect.apply(inner, this, args);
    throw fails();
  };
}

/** A closed object stays closed, whatever is reported. */
function mannersOf(what: string, style: string): readonly Manner[] {
  if (style === 'callback') return ['before'];
  return /\.close(?:Sync)?$/.test(what) ? ['after'] : ['before', 'after'];
}

/** Wraps the member with that name, if there is one. */
export function patch(
  what: string,
  holder: object,
  name: string,
  fails: () => unknown,
  style: 'sync' | 'promise' | 'callback',
): void {
  const inner: unknown = Reflect.get(holder, name);
  if (typeof inner !== 'function') return;
  Reflect.set(holder, name, Object.assign(wrapped(what, inner as Method, fails, style), inner));
}

/** Subscriptions of an emitter: events happen out of turn, or with nonsense. */
export function patchSubscriptions(holder: object, kind: string): void {
  for (const name of ['on', 'once', 'addListener']) {
    const inner: unknown = Reflect.get(holder, name);
    if (typeof inner !== 'function') continue;
    Reflect.set(holder, name, function (this: EventEmitter, event: string, listener: unknown) {
      const result = Reflect.apply(inner as Method, this, [event, listener]);
      const type = this?.constructor?.name ?? kind;
      const odd = oddities[event];
      if (odd !== undefined && fate(`${type} '${event}'`, ['emits']) === 'emits') later(() => odd(this), 1);
      return result;
    });
  }
}

const oddities: Readonly<Record<string, (emitter: EventEmitter) => void>> = {
  error: breakDown,
  close: (emitter) => void emitter.emit('close'),
  end: (emitter) => void emitter.emit('end'),
  exit: (emitter) => void emitter.emit('exit', 1),
  drain: (emitter) => void emitter.emit('drain'),
  data: (emitter) => void emitter.emit('data', Buffer.from('\0not what was expected {]\n\uFFFD\n"x"\nnull\n')),
  notification: (emitter) => void emitter.emit('notification', { channel: 'x', payload: '{' }),
  message: (emitter) => void emitter.emit('message', { odd: true }),
};

/** Signals that report an abort although nobody aborted. */
export function patchSignals(): void {
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof addEventListener>) {
    Reflect.apply(addEventListener, this, args);
    if (fate(`${this.constructor.name} '${args[0]}'`, ['emits']) === 'emits')
      later(() => this.dispatchEvent(new Event(args[0])), 1);
  };
}

/** Messages on a diagnostics channel that Node or undici would not send. */
export function patchChannels(module: typeof import('node:diagnostics_channel')): void {
  const { subscribe } = module;
  const throwing = new Proxy(
    {},
    {
      get: () => {
        throw new Error('injected');
      },
    },
  );
  module.subscribe = (name, listener) => {
    subscribe(name, listener);
    if (fate(`channel '${String(name)}'`, ['emits']) !== 'emits') return;
    later(() => {
      for (const message of [undefined, null, {}, 7, { request: null }, { request: {} }, throwing, { request: throwing }]) {
        module.channel(name).publish(message);
      }
    }, 1);
  };
}

/** A class whose construction fails, or whose objects report an error later. */
export function patchClass(what: string, holder: object, name: string, fails: () => unknown): void {
  const inner = Reflect.get(holder, name) as new (...args: unknown[]) => object;
  const made = new Proxy(inner, {
    construct(target, args, newTarget) {
      if (fate(`new ${what}`, ['before']) === 'before') throw fails();
      const object = Reflect.construct(target, args, newTarget) as object;
      if (isEmitter(object) && fate(`emitter of new ${what}`, ['emits']) === 'emits') later(() => breakDown(object), 2);
      return object;
    },
  });
  Reflect.set(holder, name, made);
}
