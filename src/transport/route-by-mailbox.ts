import { checkArgument, checkArguments, objectWith } from '../core/arguments.ts';
import { asOfflineImError, hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { answerAtOnce, isArray, property } from '../core/errors/thrown.ts';
import { transportArguments } from './arguments.ts';
import type {
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Transport,
  UnknownAttempt,
} from './contract.ts';
import { combined, isResult, notAttempted, overPlaces, statusOf, toOutcome } from './verdict.ts';

/** Where a mailbox is. */
export type RouteLocation = 'exchange-online' | 'on-premises';

/** Options of {@link routeByMailbox}. */
export interface RouteByMailboxOptions {
  /**
   * Returns where the mailbox with an address is now. It must return at once and have no effects: read a table that you keep. The gate's
   * `client.mailboxLocation` takes the same function.
   */
  readonly of: (address: string) => RouteLocation;
  /** The transport to each side. */
  readonly transports: Readonly<Record<RouteLocation, Transport>>;
}

const locations = ['exchange-online', 'on-premises'] as const;

/**
 * One transport for an organisation with mailboxes on both sides: each note goes to where its sender's mailbox is.
 *
 * Mailboxes move, and take their items along. A probe searches for an attempt where it was sent and then where the mailbox is now; it is absent only if it is
 * in neither.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const of = (address: string) => (moved.has(address) ? 'exchange-online' : 'on-premises');
 * const transport = routeByMailbox({ of, transports: { 'exchange-online': graph, 'on-premises': ews } });
 * ```
 */
export function routeByMailbox(options: RouteByMailboxOptions): Transport {
  const shape = objectWith('{ of, transports }', { of: 'function', transports: 'object' });
  checkArgument('routeByMailbox()', 'options', options, shape);
  return new MailboxRouter(options);
}

class MailboxRouter implements Transport {
  readonly name: string;
  readonly requestTimeout: number | undefined;
  readonly #of: (address: string) => RouteLocation;
  readonly #transports: Readonly<Record<RouteLocation, Transport>>;
  readonly #all: readonly Transport[];

  constructor({ of, transports }: RouteByMailboxOptions) {
    checkArguments(MailboxRouter.prototype, 'routeByMailbox()', transportArguments);
    for (const location of locations) {
      if (typeof transports?.[location]?.deliver !== 'function') throw invalid(`transports['${location}'] must be a transport`);
    }
    this.#of = of;
    this.#transports = transports;
    this.#all = locations.map((location) => transports[location]);
    this.name = [...new Set(this.#all.map(({ name }) => name))].join('+');
    const timeouts = this.#all.flatMap(({ requestTimeout }) => (requestTimeout === undefined ? [] : [requestTimeout]));
    this.requestTimeout = timeouts.length === 0 ? undefined : Math.max(...timeouts);
  }

  placeOf(from: Mailbox): Place {
    return this.#now(from.address).placeOf(from);
  }

  canProbe(place: Place): boolean {
    return this.#ownerOf(place) !== undefined;
  }

  /** The longest grace of both transports. */
  minimumGrace(place: Place): number {
    return Math.max(...this.#all.flatMap((transport) => graceOf(transport, place)));
  }

  /** The places of the notes were frozen a moment ago. A note whose mailbox has moved since gets a new place at its next claim. */
  async deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    const outcomes: DeliveryOutcome[] = [];
    const groups = new Map<Transport, number[]>();
    for (const [at, { place, from }] of notes.entries()) {
      const route = this.#route(place, from);
      if (typeof route !== 'object' || !('deliver' in route)) outcomes[at] = route;
      else groups.set(route, [...(groups.get(route) ?? []), at]);
    }
    for (const [transport, positions] of groups) {
      const own = positions.flatMap((at) => notes.slice(at, at + 1));
      const results = await delivered(transport, own, options, own.length === notes.length);
      for (const [index, at] of positions.entries()) {
        outcomes[at] = this.#afterMove(transport, own[index]?.place, results[index] ?? noOutcome());
      }
    }
    return outcomes;
  }

  async probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]> {
    const questions = notes.flatMap((note) =>
      note.unknownAttempts.map((attempt) => ({ note, attempt, results: [] as ProbeResult[] })),
    );
    // Source first: an item that moves with its mailbox is then met in the one place or in the other.
    const there = questions.map((question) => ({
      question,
      transport: this.#ownerOf(question.attempt.place),
      place: question.attempt.place,
    }));
    await ask(there, options);
    await ask(
      there.flatMap(({ question, transport }) => this.#elsewhere(question, transport)),
      options,
    );
    return notes.map((note) => {
      const own = questions.filter((question) => question.note === note);
      return combined(
        own.map(({ attempt, results }) => overPlaces(attempt, results)),
        own.map(({ attempt }) => attempt),
      );
    });
  }

  async verify(from: Mailbox, options: { readonly signal: AbortSignal }): ReturnType<NonNullable<Transport['verify']>> {
    return (await this.#now(from.address).verify?.(from, options)) ?? { limits: [] };
  }

  async close(): Promise<void> {
    const closed = await Promise.allSettled([...new Set(this.#all)].map(async (transport) => transport.close?.()));
    for (const result of closed) if (result.status === 'rejected') throw result.reason;
  }

  /** The transport for a note, or the note's outcome if there is none. */
  #route(place: Place, from: Mailbox): Transport | DeliveryOutcome {
    let now: Transport;
    try {
      now = this.#now(place.mailbox);
    } catch (error) {
      return toOutcome({ kind: 'deferred', scope: 'mailbox' }, placeError(error));
    }
    if (looksInto(now, place)) return now;
    if (this.#ownerOf(place) === undefined) {
      const text = `The note of ${quoted(from.address)} was prepared for an endpoint that is no longer configured.`;
      const error = new OfflineImError('PLACE_GONE', text, { details: { endpoint: place.endpoint } });
      return toOutcome({ kind: 'deferred', scope: 'note' }, error);
    }
    return toOutcome({ kind: 'deferred', scope: 'note' }, notAttempted('its mailbox has moved to another place'), 0);
  }

  /** A side that has given the mailbox away refuses it. That blocks nothing, since the next claim goes to the other side. The loop reports what is no outcome. */
  #afterMove(transport: Transport, place: Place | undefined, outcome: DeliveryOutcome): DeliveryOutcome {
    const [status, sent, error] = ['status', 'sent', 'error'].map((name) => property(outcome, name));
    if (status !== 'blocked' || sent !== 'no' || place === undefined || !saysMovedAway(error)) return outcome;
    try {
      if (this.#now(place.mailbox) === transport) return outcome;
    } catch {
      return outcome; // the next note reports what is wrong with `of`
    }
    return toOutcome({ kind: 'deferred', scope: 'note' }, notAttempted('its mailbox has moved to another place'), 0);
  }

  /** The question for the place where the mailbox is now, if that is another place and the first one proved nothing. */
  #elsewhere(question: Question, asked: Transport | undefined): Asked[] {
    const { attempt, results } = question;
    const [first] = results;
    if (asked === undefined || !['absent', 'unknown'].includes(statusOf(first))) return [];
    let now: Transport;
    try {
      now = this.#now(attempt.place.mailbox);
    } catch (error) {
      results.push({ status: 'unknown', scope: 'mailbox', error: placeError(error) });
      return [];
    }
    if (now === asked) return [];
    if (isResult(first) && first.status === 'unknown' && saysMovedAway(first.error)) results[0] = { status: 'absent' };
    const place = now.placeOf({ address: attempt.place.mailbox });
    // Copies move with their folder, which each side knows by its well-known name.
    const folder = attempt.place.folder === 'sentitems' ? place.folder : 'conversationhistory';
    return [{ question, transport: now, place: { ...place, folder } }];
  }

  #now(address: string): Transport {
    let location: unknown;
    try {
      location = answerAtOnce(this.#of(address));
    } catch (cause) {
      throw new OfflineImError('OPTION_INVALID', 'routeByMailbox: of threw.', { cause, details: { option: 'of' } });
    }
    const known = locations.find((one) => one === location);
    if (known !== undefined) return this.#transports[known];
    throw invalid(`of returned ${quoted(location)}; expected 'exchange-online' or 'on-premises'`);
  }

  #ownerOf(place: Place): Transport | undefined {
    return this.#all.find((transport) => looksInto(transport, place));
  }
}

interface Question {
  readonly note: Note;
  readonly attempt: UnknownAttempt;
  /** In the order in which the places were asked. */
  readonly results: ProbeResult[];
}

interface Asked {
  readonly question: Question;
  readonly transport: Transport | undefined;
  readonly place: Place;
}

/** Asks each transport all of its questions together. */
async function ask(asked: readonly Asked[], options: { readonly signal: AbortSignal }): Promise<void> {
  for (const transport of new Set(asked.map((one) => one.transport))) {
    const own = asked.filter((one) => one.transport === transport);
    if (transport === undefined) continue;
    const notes = own.map(({ question, place }) => ({ ...question.note, unknownAttempts: [{ ...question.attempt, place }] }));
    const results = onePerNote(await transport.probe(notes, options), notes);
    for (const [at, { question }] of own.entries())
      question.results.push(results[at] ?? { status: 'unknown', error: nothingOf('result') });
  }
}

/** A transport's outcomes. Unless it has all notes of the call, its rejection becomes the outcome of its own notes: the other may have delivered the rest. */
async function delivered(
  transport: Transport,
  notes: readonly Note[],
  options: DeliverOptions,
  hasAll: boolean,
): Promise<readonly DeliveryOutcome[]> {
  try {
    return onePerNote(await transport.deliver(notes, options), notes);
  } catch (error) {
    if (hasAll) throw error;
    const outcome = hasCode(error, 'NOT_ATTEMPTED')
      ? toOutcome({ kind: 'deferred', scope: 'note' }, error as OfflineImError)
      : noOutcome(error);
    return notes.map(() => outcome);
  }
}

/** None if there are too many or too few, since nobody can tell which belongs to which note, or no list. Nobody awaits a promise among them. */
function onePerNote<Answer>(answers: readonly Answer[], notes: readonly Note[]): readonly Answer[] {
  const list = isArray(answers) ? answers.map((answer) => answerAtOnce(answer)) : [];
  return list.length === notes.length ? list : [];
}

/** None if a side can't tell: the other one's counts all the same. With none at all the loop reports what remains. */
function graceOf(transport: Transport, place: Place): readonly number[] {
  try {
    const grace = answerAtOnce<unknown>(transport.minimumGrace?.(place) ?? 0);
    return typeof grace === 'number' && grace >= 0 && grace < Infinity ? [grace] : [];
  } catch {
    return [];
  }
}

function looksInto(transport: Transport, place: Place): boolean {
  if (transport.canProbe !== undefined) return answerAtOnce<unknown>(transport.canProbe(place)) === true;
  return transport.placeOf({ address: place.mailbox }).endpoint === place.endpoint;
}

/** The codes of either side for a mailbox that it doesn't have, or no longer has. */
const movedAway: ReadonlySet<unknown> = new Set([
  'MailboxNotEnabledForRESTAPI',
  'MailboxNotSupportedForRESTAPI',
  'ErrorInvalidUser',
  'ResourceNotFound',
  'Request_ResourceNotFound',
  'ErrorNonExistentMailbox',
]);

/** Asked only if the mailbox is known to be elsewhere: a mailbox that has moved away leaves nothing behind. */
function saysMovedAway(given: unknown): boolean {
  const error = asOfflineImError(given);
  return error?.code === 'EWS_DISABLED' || movedAway.has(property(error?.details, 'responseCode'));
}

function placeError(error: unknown): OfflineImError {
  return asOfflineImError(error) ?? new OfflineImError('TRANSPORT_FAILED', 'The place of the note is unknown.', { cause: error });
}

function noOutcome(cause?: unknown): DeliveryOutcome {
  return toOutcome({ kind: 'unconfirmed', scope: 'note' }, nothingOf('outcome', cause));
}

function nothingOf(what: 'outcome' | 'result', cause?: unknown): OfflineImError {
  return new OfflineImError('TRANSPORT_FAILED', `The transport returned no ${what} for this note.`, { cause });
}

function invalid(must: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `routeByMailbox: ${must}.`, { details: { option: 'routeByMailbox' } });
}
