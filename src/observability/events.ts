import { EventEmitter } from 'eventemitter3';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { asError } from '../core/errors/thrown.ts';
import { tell } from '../core/host-calls.ts';
import { nearestName } from '../core/options.ts';
import type { GateReason } from '../gating/gate.ts';
import type { Reason } from '../spool/contract.ts';
import type { Audience } from '../transport/contract.ts';

/** What every event about one entry carries. A message to both audiences is one entry an audience. */
export interface EntryEvent {
  readonly messageId: string;
  /** Id of the entry, as in the receipt and in `status()`. */
  readonly id: string;
}

/** An event about an entry while its note is at work. */
export interface NoteEvent extends EntryEvent {
  readonly noteId: string;
  /** 1 for the first attempt of the note. */
  readonly attempt: number;
  /** Sender's mailbox. */
  readonly lane: string;
}

/** Every event with its payload. Times are `Date`s, durations ms. */
export interface OfflineImEvents {
  /** Accepted: on durable storage, as durable as the spool is. */
  'message:spooled': EntryEvent & { readonly audience: Audience; readonly messageClass: string; readonly pickupAt: Date };
  /** The gate refused it; `send()` rejects with the same reasons. */
  'message:refused': { readonly messageId?: string; readonly reasons: readonly GateReason[] };
  /** Its id was accepted before with the same content; `send()` resolves with the first receipt. */
  'message:duplicate': { readonly messageId: string };
  /** Its two minutes are over: it has become part of a note that is about to be sent. `waited`: ms since it was accepted. */
  'message:picked-up': NoteEvent & { readonly waited: number };
  /** Exchange accepted the note. Whether a person reads it, nobody can know. `took`: ms since the message was accepted. */
  'message:delivered': NoteEvent & {
    readonly messageClass: string;
    readonly took: number;
    readonly foundByProbe: boolean;
    /** Only with `probe.onCopyAfterFault: 'delivered'`: a copy was found, though the server had answered the request with an error. */
    readonly proof?: 'copy-after-fault';
  };
  /** Known not to have been sent; tried again after `retryIn` ms. */
  'message:deferred': NoteEvent & Reason & { readonly retryIn: number };
  /** May have been sent: looked for before it is ever sent again; next look after `probeIn` ms. */
  'message:unconfirmed': NoteEvent & Reason & { readonly probeIn: number };
  /** Ends here: kept, readable, with its reason, until `requeue` or `purge`. */
  'message:dead': EntryEvent & Reason;
  /** Held by the hook or by `hold()`. */
  'message:held': EntryEvent;
  /** Cancelled by the hook or by `cancel()`. */
  'message:cancelled': EntryEvent;
  /** Someone must act before anything of this mailbox can be sent (password, permission, quota). Tried again after `retryIn` ms, or on `resume()`. */
  'lane:blocked': Reason & { readonly lane: string; readonly retryIn: number };
  /** Mail of this mailbox goes out again. */
  'lane:resumed': { readonly lane: string };
  /** The server can't be reached, or refuses everybody: one trial after `retryIn` ms, nothing else until then. */
  'transport:unavailable': Reason & { readonly endpoint: string; readonly retryIn: number };
  /** The server answers again. */
  'transport:available': { readonly endpoint: string };
  /** An entry could not be read and was set aside; the rest goes on. */
  'spool:corrupt': { readonly where: string; readonly error: Error };
  /** Nothing is at work and nothing is due. */
  'spool:idle': Record<never, never>;
  'policy:changed': Record<never, never>;
  started: Record<never, never>;
  stopped: Record<never, never>;
  /** Something that loses no message but that someone should know: a listener that threw, a storage error, a draft left. */
  warning: { readonly error: OfflineImError | Error };
}

/** Every event's name; the compiler holds it complete. */
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

/** Name of an event. */
export type EventName = keyof OfflineImEvents;

/** What is called with an event's payload. */
export type Listener<Name extends EventName> = (event: OfflineImEvents[Name]) => unknown;

/** A listener that can't throw. */
type Guarded = (event: unknown) => void;

/** @throws {OfflineImError} `OPTION_INVALID` for a name that no event has, or a listener that is no function. */
function assertListener(name: unknown, listener: unknown): void {
  const known = Object.keys(names);
  if (typeof name !== 'string' || !Object.hasOwn(names, name)) {
    const nearest = typeof name === 'string' ? `; the nearest one is ${nearestName(name.slice(0, 64), known)}` : '';
    throw new OfflineImError('OPTION_INVALID', `${quoted(name)} is no event${nearest}.`, { details: { option: 'name' } });
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

  /** Calls the listener at every event of that name. The same listener is added once a name. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    if (this.#guarded.get(listener)?.has(name)) return this;
    const guarded = this.#guard(name, listener);
    this.#remember(name, listener, guarded);
    this.#emitter.on(name, guarded);
    return this;
  }

  /** Calls the listener at the next event of that name only. One that listens to that name already goes on as it does. */
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

  /** Takes a listener out again. */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): this {
    assertListener(name, listener);
    const guarded = this.#guarded.get(listener)?.get(name);
    if (guarded !== undefined) this.#emitter.off(name, guarded);
    this.#guarded.get(listener)?.delete(name);
    return this;
  }

  /** True when someone listens. */
  listens(name: EventName): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  emit<Name extends EventName>(name: Name, event: OfflineImEvents[Name]): void {
    this.#emitter.emit(name, event);
  }

  #guard<Name extends EventName>(name: Name, listener: Listener<Name>): Guarded {
    return (event) => {
      tell(
        () => listener(event as OfflineImEvents[Name]),
        (error) => this.#listenerFailed(name, error),
      );
    };
  }

  #remember(name: EventName, listener: object, guarded: Guarded): void {
    const byName = this.#guarded.get(listener) ?? new Map<EventName, Guarded>();
    byName.set(name, guarded);
    this.#guarded.set(listener, byName);
  }

  #listenerFailed(name: EventName, error: unknown): void {
    // A listener of `warning` that throws would call itself for ever.
    if (name === 'warning') return;
    this.emit('warning', { error: asError(error) });
  }
}
