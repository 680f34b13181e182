import { asOfflineImError, OfflineImError } from '../core/errors/offline-im-error.ts';
import { answerAtOnce, isA, isArray, property } from '../core/errors/thrown.ts';
import type {
  AttemptEnd,
  DeliveryOutcome,
  Mailbox,
  Place,
  ProbeResult,
  Scope,
  Transport,
  UnknownAttempt,
} from '../transport/contract.ts';
import type { SpoolerSettings } from './options.ts';

/**
 * Checks what a transport returns: it may be a host's own, in plain JavaScript, or of another realm. An invalid outcome says nothing about its note, which may have been
 * sent. Answers are copied, so that the transport can't change them afterwards.
 */

/** One outcome per note. An invalid one becomes `unconfirmed`, and a warning says what was found. */
export function checkedOutcomes(returned: unknown, notes: number, warn: (error: Error) => void): readonly DeliveryOutcome[] {
  return checked('deliver()', returned, notes, outcomeOf, warn, (error) => ({ status: 'unconfirmed', scope: 'note', error }));
}

/** One result per note. An invalid one becomes `unknown`, and a warning says what was found. */
export function checkedResults(returned: unknown, notes: number, warn: (error: Error) => void): readonly ProbeResult[] {
  return checked('probe()', returned, notes, resultOf, warn, (error) => ({ status: 'unknown', scope: 'note', error }));
}

function checked<Answer>(
  call: string,
  returned: unknown,
  notes: number,
  read: (value: unknown) => Answer,
  warn: (error: Error) => void,
  otherwise: (error: OfflineImError) => Answer,
): readonly Answer[] {
  const wrong = (found: string): Answer => {
    const error = new OfflineImError(
      'TRANSPORT_FAILED',
      `${call} of the transport returned ${found}; expected one answer per note, in order.`,
    );
    warn(error);
    return otherwise(error);
  };
  const list = listOf(returned);
  // Nobody can tell which answer belongs to which note.
  if (list?.length !== notes) {
    const answer = wrong(list === undefined ? kindOf(returned) : `${list.length} answers to ${notes} notes`);
    return Array.from({ length: notes }, () => answer);
  }
  return list.map((value) => {
    try {
      return read(value);
    } catch (error) {
      return wrong(isA(error, WrongKind) ? error.message : 'an answer that cannot be read');
    }
  });
}

/** A part of an answer is not as the contract requires. Names the part, never the value found there. */
class WrongKind extends Error {}

function outcomeOf(value: unknown): DeliveryOutcome {
  const parts = readParts(value, 'an outcome', partsOfDelivered);
  const { status } = parts;
  switch (status) {
    case 'delivered':
      return { status, messageClass: text(parts, 'messageClass') };
    case 'deferred':
      return { status, scope: scope(parts), error: errorIn(parts), ...retryAfter(parts) };
    case 'unconfirmed':
      return { status, scope: scope(parts), error: errorIn(parts), ...retryAfter(parts), ...ended(parts) };
    case 'rejected':
      return {
        status,
        scope: scope(parts),
        splittable: flag(parts, 'splittable'),
        draft: oneOf(parts, 'draft', ['none', 'removed', 'left']),
        error: errorIn(parts),
      };
    case 'blocked': {
      const by = parts.by === undefined ? {} : { by: oneOf(parts, 'by', ['login', 'sending']) };
      const sent = oneOf(parts, 'sent', ['no', 'unknown']);
      return { status, scope: scope(parts), sent, error: errorIn(parts), ...by, ...ended(parts) };
    }
    default:
      throw new WrongKind('an outcome of an unknown status');
  }
}

function resultOf(value: unknown): ProbeResult {
  const parts = readParts(value, 'a result');
  const { status } = parts;
  switch (status) {
    case 'found':
      return parts.tags === undefined ? { status, ...draft(parts) } : { status, tags: texts(parts, 'tags'), ...draft(parts) };
    case 'absent':
      return { status };
    case 'pending':
      return { status, ...draft(parts) };
    case 'draft':
      return { status, removed: flag(parts, 'removed') };
    case 'unknown': {
      const given = parts.scope === undefined ? {} : { scope: scope(parts) };
      const blocked = parts.blocked === undefined ? {} : { blocked: flag(parts, 'blocked') };
      return { status, error: errorIn(parts), ...given, ...blocked, ...retryAfter(parts), ...draft(parts) };
    }
    default:
      throw new WrongKind('a result of an unknown status');
  }
}

const partNames = [
  'scope',
  'error',
  'messageClass',
  'retryAfter',
  'splittable',
  'draft',
  'sent',
  'by',
  'ended',
  'tags',
  'removed',
  'blocked',
  'then',
] as const;
type PartName = 'status' | (typeof partNames)[number];
type Parts = { readonly [Name in PartName]?: unknown };

/** The parts of the most frequent outcome. */
const partsOfDelivered: readonly PartName[] = ['messageClass', 'then'];

/** Reads each part once: a getter may return another value, or throw, the next time. @param ofDelivered The parts to read if the status is `delivered`. */
function readParts(value: unknown, what: string, ofDelivered: readonly PartName[] = partNames): Parts {
  if (typeof value !== 'object' || value === null || isArray(value)) throw new WrongKind(`${kindOf(value)} instead of ${what}`);
  const given = value as Parts;
  const parts: { [Name in PartName]?: unknown } = { status: given.status };
  for (const name of parts.status === 'delivered' ? ofDelivered : partNames) parts[name] = given[name];
  if (typeof parts.then === 'function') throw new WrongKind(`a promise instead of ${what}`);
  return parts;
}

function listOf(value: unknown): readonly unknown[] | undefined {
  try {
    // Array.from reads each element, even of a sparse array or a proxy.
    return Array.isArray(value) ? Array.from(value) : undefined;
  } catch {
    return undefined;
  }
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function scope(parts: Parts): Scope {
  return oneOf(parts, 'scope', ['note', 'mailbox', 'endpoint']);
}

function draft(parts: Parts): { readonly draft?: 'left' } {
  return parts.draft === undefined ? {} : { draft: oneOf(parts, 'draft', ['left']) };
}

function ended(parts: Parts): { readonly ended?: AttemptEnd } {
  return parts.ended === undefined ? {} : { ended: oneOf(parts, 'ended', ['silence', 'fault']) };
}

function retryAfter(parts: Parts): { readonly retryAfter?: number } {
  const value = parts.retryAfter;
  if (value === undefined) return {};
  if (typeof value !== 'number' || Number.isNaN(value)) throw new WrongKind('an answer whose retryAfter is no number');
  return { retryAfter: Math.max(0, value) };
}

function oneOf<const Choice extends string>(parts: Parts, name: PartName, choices: readonly Choice[]): Choice {
  const value = parts[name];
  const choice = choices.find((one) => one === value);
  if (choice === undefined) throw new WrongKind(`an answer whose ${name} is none of ${choices.join(', ')}`);
  return choice;
}

function flag(parts: Parts, name: PartName): boolean {
  const value = parts[name];
  if (typeof value !== 'boolean') throw new WrongKind(`an answer whose ${name} is not true or false`);
  return value;
}

function text(parts: Parts, name: PartName): string {
  const value = parts[name];
  if (typeof value !== 'string' || value === '') throw new WrongKind(`an answer whose ${name} is no text`);
  return value;
}

function texts(parts: Parts, name: PartName): readonly string[] {
  const list = listOf(parts[name]);
  if (list === undefined) throw new WrongKind(`an answer whose ${name} is no list`);
  return list.map((one) => {
    if (typeof one !== 'string') throw new WrongKind(`an answer whose ${name} holds something other than text`);
    return one;
  });
}

function errorIn({ error }: Parts): OfflineImError {
  const own = asOfflineImError(error);
  if (own === undefined) throw new WrongKind('an answer whose error is no OfflineImError');
  return own;
}

/** The number of different complaints that are passed on. */
const mostComplaints = 100;

/** A mistake in a host's code repeats with every call, so each kind of complaint about a function is passed on once, not once per note. */
export class Complaints {
  readonly #warn: (error: unknown) => void;
  readonly #said = new Set<string>();

  constructor(warn: (error: unknown) => void) {
    this.#warn = warn;
  }

  /** Returns whether it was passed on. Complaints that differ only in numbers are of one kind. */
  of(call: string, error: unknown): boolean {
    const message = property(error, 'message');
    const kind = typeof message === 'string' ? message.slice(0, 200).replace(/\d+/g, '#') : typeof message;
    const key = `${call}: ${kind}`;
    if (this.#said.has(key) || this.#said.size >= mostComplaints) return false;
    this.#said.add(key);
    this.#warn(error);
    return true;
  }
}

type PlaceTransport = Pick<Transport, 'placeOf' | 'canProbe' | 'minimumGrace'>;

/** Asks a transport about places. Whatever it throws or returns, the loop goes on. */
export class Places {
  readonly #transport: PlaceTransport;
  readonly #options: Pick<SpoolerSettings, 'probe'>;
  readonly #complaints: Complaints;

  constructor(transport: PlaceTransport, options: Pick<SpoolerSettings, 'probe'>, complaints: Complaints) {
    this.#transport = transport;
    this.#options = options;
    this.#complaints = complaints;
  }

  /** Where a note of this mailbox goes now. Mailboxes whose place is unknown share one circuit. */
  of(from: Mailbox): Place {
    const told = this.#ask('placeOf', () => this.#transport.placeOf(from), isPlace, 'a place');
    return told ?? { endpoint: 'unknown', mailbox: from.address, folder: '' };
  }

  /** Whether a probe can look there; true if the transport doesn't say. */
  canProbe(place: Place): boolean {
    return this.#ask('canProbe', () => this.#transport.canProbe?.(place) ?? true, isBoolean, 'true or false') ?? true;
  }

  /** ms after which "absent" proves something about all of these attempts: the longest grace that transport or options ask for. */
  graceOf(attempts: readonly UnknownAttempt[]): number {
    return attempts.reduce((grace, { place }) => {
      const told = this.#ask('minimumGrace', () => this.#transport.minimumGrace?.(place) ?? 0, isDuration, 'ms, 0 or more');
      return Math.max(grace, told ?? 0);
    }, this.#options.probe.grace);
  }

  #ask<Value>(
    name: string,
    ask: () => unknown,
    isRight: (value: unknown) => value is Value,
    expected: string,
  ): Value | undefined {
    try {
      const value = answerAtOnce(ask());
      if (isRight(value)) return value;
      const text = `${name}() of the transport returned ${typeof value}; expected ${expected}.`;
      this.#complaints.of(name, new OfflineImError('TRANSPORT_FAILED', text));
    } catch (error) {
      this.#complaints.of(name, error);
    }
    return undefined;
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null) return false;
  const { endpoint, mailbox, folder } = value as Partial<Record<keyof Place, unknown>>;
  return typeof endpoint === 'string' && typeof mailbox === 'string' && typeof folder === 'string';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}
