import { checkArgument, checkArguments, objectWith } from '../core/arguments.ts';
import { asOfflineImError, hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { answerAtOnce, property } from '../core/errors/thrown.ts';
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
import { combined, notAttempted, placeGone, toOutcome } from './verdict.ts';

/** Where a mailbox lives. */
export type RouteLocation = 'exchange-online' | 'on-premises';

/** Options of {@link routeByMailbox}. */
export interface RouteByMailboxOptions {
  /**
   * Where the mailbox with an address is now. Must answer at once and change nothing: read a table that you keep. The gate's
   * `client.mailboxLocation` takes the same function.
   */
  readonly of: (address: string) => RouteLocation;
  /** The way to each side. */
  readonly transports: Readonly<Record<RouteLocation, Transport>>;
}

const locations = ['exchange-online', 'on-premises'] as const;

/**
 * One transport for an organisation with mailboxes on both sides: each note takes the way to where its sender's mailbox is.
 *
 * Mailboxes move, and take their items along. An attempt of unknown outcome is looked for in the place it was sent to and then
 * where the mailbox is now, and is absent only if it is in neither.
 *
 * Throws `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * const of = (address: string) => (moved.has(address) ? 'exchange-online' : 'on-premises');
 * const transport = routeByMailbox({ of, transports: { 'exchange-online': graph, 'on-premises': ews } });
 * ```
 */
export function routeByMailbox(options: RouteByMailboxOptions): Transport {
  checkArgument(
    'routeByMailbox()',
    'options',
    options,
    objectWith('{ of, transports }', { of: 'function', transports: 'object' }),
  );
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
    if (typeof of !== 'function') throw invalid('of must be a function that gives the location of an address');
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

  /** The longest of all places that are looked into. */
  minimumGrace(place: Place): number {
    return Math.max(...this.#all.map((transport) => transport.minimumGrace?.(place) ?? 0));
  }

  /** Notes of one mailbox, whose place was frozen a moment ago; what has moved since gets a new place at its next claim. */
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
    // Source first: an item that is on the move with its mailbox is met in the one or in the other.
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

  /** The way of a note, or what becomes of it without one. */
  #route(place: Place, from: Mailbox): Transport | DeliveryOutcome {
    let now: Transport;
    try {
      now = this.#now(place.mailbox);
    } catch (error) {
      return toOutcome({ kind: 'deferred', scope: 'mailbox' }, placeError(error));
    }
    if (looksInto(now, place)) return now;
    if (this.#ownerOf(place) === undefined) {
      const text = `The note of ${quoted(from.address)} was made for an endpoint that is not configured any more.`;
      const error = new OfflineImError('PLACE_GONE', text, { details: { endpoint: place.endpoint } });
      return toOutcome({ kind: 'deferred', scope: 'note' }, error);
    }
    return toOutcome({ kind: 'deferred', scope: 'note' }, notAttempted('its mailbox has moved to another place'), 0);
  }

  /** A side that has given the mailbox away refuses it: no reason to block anything, since the next claim takes the other way. */
  #afterMove(transport: Transport, place: Place | undefined, outcome: DeliveryOutcome): DeliveryOutcome {
    if (outcome.status !== 'blocked' || outcome.sent !== 'no' || place === undefined || !saysMovedAway(outcome.error))
      return outcome;
    try {
      if (this.#now(place.mailbox) === transport) return outcome;
    } catch {
      return outcome; // what `of` says wrong is told with the next note
    }
    return toOutcome({ kind: 'deferred', scope: 'note' }, notAttempted('its mailbox has moved to another place'), 0);
  }

  /** The question for the place where the mailbox is now, where that is another one and the first has brought no proof. */
  #elsewhere(question: Question, asked: Transport | undefined): Asked[] {
    const { attempt, results } = question;
    const [first] = results;
    if (asked === undefined || (first !== undefined && first.status !== 'absent' && first.status !== 'unknown')) return [];
    let now: Transport;
    try {
      now = this.#now(attempt.place.mailbox);
    } catch (error) {
      results.push({ status: 'unknown', scope: 'mailbox', error: placeError(error) });
      return [];
    }
    if (now === asked) return [];
    if (first?.status === 'unknown' && saysMovedAway(first.error)) results[0] = { status: 'absent' };
    const place = now.placeOf({ address: attempt.place.mailbox });
    // Copies move along in their folder, which each side calls by its well-known name.
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
    throw invalid(`of gave ${quoted(location)}; expected 'exchange-online' or 'on-premises'`);
  }

  #ownerOf(place: Place): Transport | undefined {
    return this.#all.find((transport) => looksInto(transport, place));
  }
}

interface Question {
  readonly note: Note;
  readonly attempt: UnknownAttempt;
  /** In the order of the places that were asked. */
  readonly results: ProbeResult[];
}

interface Asked {
  readonly question: Question;
  readonly transport: Transport | undefined;
  readonly place: Place;
}

/** Puts the questions to their transports, all of one transport together. */
async function ask(asked: readonly Asked[], options: { readonly signal: AbortSignal }): Promise<void> {
  for (const transport of new Set(asked.map((one) => one.transport))) {
    const own = asked.filter((one) => one.transport === transport);
    if (transport === undefined) continue;
    const notes = own.map(({ question, place }) => ({ ...question.note, unknownAttempts: [{ ...question.attempt, place }] }));
    const results = onePerNote(await transport.probe(notes, options), notes);
    for (const [at, { question }] of own.entries())
      question.results.push(results[at] ?? { status: 'unknown', error: noResult() });
  }
}

/** One transport's outcomes. Unless it has all notes of the call, a rejection is its notes' outcome: another transport may have delivered the rest. */
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

/** The answers of a transport, or none: of too many or too few, nobody can tell which belongs to which note. */
function onePerNote<Answer>(answers: readonly Answer[], notes: readonly Note[]): readonly Answer[] {
  return answers.length === notes.length ? answers : [];
}

/** What the places say together of one attempt. It is in one of them at most, so a draft in one says nothing while the other is closed. */
function overPlaces(attempt: UnknownAttempt, results: readonly ProbeResult[]): ProbeResult {
  if (results.length === 0) return placeGone(attempt);
  for (const status of ['found', 'pending', 'unknown', 'draft'] as const) {
    const first = results.find((result) => result.status === status);
    if (first !== undefined) return first;
  }
  return { status: 'absent' };
}

function looksInto(transport: Transport, place: Place): boolean {
  // A promise is no answer.
  if (transport.canProbe !== undefined) return answerAtOnce<unknown>(transport.canProbe(place)) === true;
  return transport.placeOf({ address: place.mailbox }).endpoint === place.endpoint;
}

/** What either side answers for a mailbox that it does not have, or not any more. */
const movedAway: ReadonlySet<unknown> = new Set([
  'MailboxNotEnabledForRESTAPI',
  'MailboxNotSupportedForRESTAPI',
  'ErrorInvalidUser',
  'ResourceNotFound',
  'Request_ResourceNotFound',
  'ErrorNonExistentMailbox',
]);

/** Asked only where the mailbox is known to be elsewhere: what has moved away has left nothing behind. */
function saysMovedAway(error: OfflineImError): boolean {
  return error.code === 'EWS_DISABLED' || movedAway.has(property(error.details, 'responseCode'));
}

function placeError(error: unknown): OfflineImError {
  return (
    asOfflineImError(error) ?? new OfflineImError('TRANSPORT_FAILED', 'The place of the note cannot be told.', { cause: error })
  );
}

function noOutcome(cause?: unknown): DeliveryOutcome {
  const error = new OfflineImError('TRANSPORT_FAILED', 'The transport gave no outcome for this note.', { cause });
  return toOutcome({ kind: 'unconfirmed', scope: 'note' }, error);
}

function noResult(): OfflineImError {
  return new OfflineImError('TRANSPORT_FAILED', 'The transport gave no result for this note.');
}

function invalid(must: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `routeByMailbox: ${must}.`, { details: { option: 'routeByMailbox' } });
}
