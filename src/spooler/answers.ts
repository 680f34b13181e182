import { asOfflineImError, OfflineImError } from '../core/errors/offline-im-error.ts';
import { answerAtOnce, isA, isArray } from '../core/errors/thrown.ts';
import type { Complaints } from '../core/host-calls.ts';
import type { AttemptEnd, DeliveryOutcome, Mailbox, Note, Place, ProbeResult, Scope, Transport } from '../transport/contract.ts';
import type { SpoolerSettings } from './options.ts';

/**
 * Checks what a transport returns: it may be a host's own, in plain JavaScript, or of another realm. An invalid outcome says nothing about its note, which may have been
 * sent. An optional part of a result that is odd counts as left out, and takes nothing away from what the rest proves. Answers are copied, so that the transport can't change them
 * afterwards.
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
  read: (value: unknown, odd: Odd) => Answer,
  warn: (error: Error) => void,
  otherwise: (error: OfflineImError) => Answer,
): readonly Answer[] {
  const warned = (found: string, then: string): OfflineImError => {
    const error = new OfflineImError('TRANSPORT_FAILED', `${call} of the transport returned ${found}; ${then}.`);
    warn(error);
    return error;
  };
  const wrong = (found: string): Answer => otherwise(warned(found, 'expected one answer per note, in order'));
  const odd = (found: string): void => void warned(found, 'that part counts as left out');
  const list = listOf(returned);
  // Nobody awaits a promise in it: its rejection must not end the process.
  for (const value of list ?? []) answerAtOnce(value);
  // Nobody can tell which answer belongs to which note.
  if (list?.length !== notes) {
    const answer = wrong(list === undefined ? kindOf(returned) : `${list.length} answers to ${notes} notes`);
    return Array.from({ length: notes }, () => answer);
  }
  return list.map((value) => {
    try {
      return read(value, odd);
    } catch (error) {
      return wrong(isA(error, WrongKind) ? error.message : 'an answer that cannot be read');
    }
  });
}

/** A part of an answer is not as the contract requires. Names the part, never the value found there. */
class WrongKind extends Error {}

/** Called with what is wrong with an optional part. */
type Odd = (found: string) => void;

/** An odd optional part voids an outcome: what it was to say, when to try again or how it ended, may have been what matters. */
function outcomeOf(value: unknown): DeliveryOutcome {
  const parts = readParts(value, 'an outcome', partsOfDelivered);
  const { status } = parts;
  switch (status) {
    case 'delivered':
      return { status, messageClass: required(parts, 'messageClass', isText, 'is no text') };
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

function resultOf(value: unknown, odd: Odd): ProbeResult {
  const parts = readParts(value, 'a result');
  const { status } = parts;
  switch (status) {
    case 'found':
      return { status, ...optional(parts, 'tags', () => ({ tags: texts(parts, 'tags', odd) }), odd), ...draft(parts, odd) };
    case 'absent':
      return { status };
    case 'pending':
      return { status, ...draft(parts, odd) };
    case 'draft':
      return { status, removed: flag(parts, 'removed') };
    case 'unknown': {
      const error = errorIn(parts);
      const given = optional(parts, 'scope', () => ({ scope: scope(parts) }), odd);
      const blocked = optional(parts, 'blocked', () => ({ blocked: flag(parts, 'blocked') }), odd);
      const delay = optional(parts, 'retryAfter', () => retryAfter(parts), odd);
      return { status, error, ...given, ...blocked, ...delay, ...draft(parts, odd) };
    }
    default:
      throw new WrongKind('a result of an unknown status');
  }
}

const partsOfOutcomes = ['scope', 'error', 'retryAfter', 'messageClass', 'splittable', 'draft', 'sent', 'by', 'ended'] as const;
const partNames = [...partsOfOutcomes, 'tags', 'removed', 'blocked', 'then'] as const;
type PartName = 'status' | (typeof partNames)[number];
type Parts = { readonly [Name in PartName]?: unknown };

/** The parts of the most frequent outcome. */
const partsOfDelivered: readonly PartName[] = ['messageClass', 'then'];

/** What a part is whose getter throws. */
const unreadable = Symbol('unreadable');

/** Reads each part once: a getter may return another value, or throw, the next time. @param ofDelivered The parts to read if the status is `delivered`. */
function readParts(value: unknown, what: string, ofDelivered: readonly PartName[] = partNames): Parts {
  if (typeof value !== 'object' || value === null || isArray(value)) throw new WrongKind(`${kindOf(value)} instead of ${what}`);
  const given = value as Parts;
  const parts: { [Name in PartName]?: unknown } = { status: given.status };
  for (const name of parts.status === 'delivered' ? ofDelivered : partNames) {
    try {
      parts[name] = answerAtOnce(given[name]);
    } catch {
      parts[name] = unreadable;
    }
  }
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

/** An optional part, in an object to spread; nothing where it is left out, or odd. */
function optional<Part extends object>(parts: Parts, name: PartName, read: () => Part, odd: Odd): Part | undefined {
  if (parts[name] === undefined) return undefined;
  try {
    return read();
  } catch (error) {
    if (!isA(error, WrongKind)) throw error;
    odd(error.message);
    return undefined;
  }
}

/** The words of `rejected` are as good here: 'none' and 'removed' say that none is left. */
function draft(parts: Parts, odd: Odd): { readonly draft?: 'left' } {
  const said = optional(parts, 'draft', () => ({ draft: oneOf(parts, 'draft', ['none', 'removed', 'left']) }), odd);
  return said?.draft === 'left' ? { draft: 'left' } : {};
}

function ended(parts: Parts): { readonly ended?: AttemptEnd } {
  return parts.ended === undefined ? {} : { ended: oneOf(parts, 'ended', ['silence', 'fault']) };
}

function retryAfter(parts: Parts): { readonly retryAfter?: number } {
  if (parts.retryAfter === undefined) return {};
  return { retryAfter: Math.max(0, required(parts, 'retryAfter', isNumber, 'is no number')) };
}

function oneOf<const Choice extends string>(parts: Parts, name: PartName, choices: readonly Choice[]): Choice {
  const value = parts[name];
  const choice = choices.find((one) => one === value);
  if (choice === undefined) throw new WrongKind(`an answer whose ${name} is none of ${choices.join(', ')}`);
  return choice;
}

function required<Value>(parts: Parts, name: PartName, isRight: (value: unknown) => value is Value, what: string): Value {
  const value = parts[name];
  if (!isRight(value)) throw new WrongKind(`an answer whose ${name} ${what}`);
  return value;
}

function flag(parts: Parts, name: PartName): boolean {
  return required(parts, name, isBoolean, 'is not true or false');
}

/** Those of a list that are text: each proves something by itself. */
function texts(parts: Parts, name: PartName, odd: Odd): readonly string[] {
  const list = listOf(parts[name]);
  if (list === undefined) throw new WrongKind(`an answer whose ${name} is no list`);
  const own = list.filter((one) => typeof one === 'string');
  if (own.length < list.length) odd(`an answer whose ${name} holds something other than text`);
  return own;
}

function errorIn({ error }: Parts): OfflineImError {
  const own = asOfflineImError(error);
  if (own === undefined) throw new WrongKind('an answer whose error is no OfflineImError');
  return own;
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
  graceOf(attempts: Note['unknownAttempts']): number {
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

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
