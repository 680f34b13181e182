import { type Clock, whenAborted } from '../core/clock.ts';
import { missing } from '../core/errors/missing.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { asError, isArray, property } from '../core/errors/thrown.ts';
import { joined } from '../core/joined.ts';
import { noteWording } from '../message/note.ts';
import type { ClaimedNote, ClaimRequest, LaneFilter } from '../spool/contract.ts';
import type { SpoolerContext, SpoolerParts } from './context.ts';
import type { Lanes, Trial } from './lanes/lanes.ts';
import type { Pauses } from './lanes/obstacles.ts';
import { noteLimits, notesAtWork } from './options.ts';
import { noteEvent, reasonFields, reportChange } from './settle.ts';

/** What one round of claims needs. */
export interface Round {
  readonly parts: SpoolerParts;
  readonly context: Pick<SpoolerContext, 'places' | 'stopping' | 'leases' | 'storage' | 'trace'>;
  readonly lanes: Lanes;
  readonly pauses: Pick<Pauses, 'all' | 'lanes' | 'includes' | 'refresh'>;
  /** For a flush: also claims entries before their pickup time, up to so many. */
  readonly flush: { entries: number } | undefined;
  readonly room: Room;
  begin(kind: 'deliver' | 'probe', lane: string, notes: readonly ClaimedNote[], claimedAt: number): void;
}

/** Places for the notes in hand, over all mailboxes. */
export class Room {
  readonly #clock: Clock;
  readonly #patience: number;
  readonly #stopped: AbortSignal;
  #taken = 0;
  /** Those of them that take no place, since the storage does not record their results; at most as many as there are places. */
  #aside = 0;

  /** @param patience ms that a storage has to record results. @param stopped From then on places are given to nobody. */
  constructor(clock: Clock, patience: number, stopped: AbortSignal) {
    this.#clock = clock;
    this.#patience = patience;
    this.#stopped = stopped;
  }

  get left(): number {
    return notesAtWork + this.#aside - this.#taken;
  }

  take(notes: number): void {
    this.#taken += notes;
  }

  /** Has results of so many notes recorded; each that is gives back its place. Where that takes long, all give back their places meanwhile. @param late Called then. */
  async recording(notes: number, record: (recorded: (notes: number) => void) => Promise<void>, late: () => void): Promise<void> {
    let [open, isAside] = [notes, false];
    const cancel = this.#clock.setTimer(() => {
      isAside = this.#aside + open <= notesAtWork;
      if (isAside) this.#aside += open;
      late();
    }, this.#patience);
    // A timer left behind would keep the process from ending.
    const forget = whenAborted(this.#stopped, cancel);
    const recorded = (some: number): void => {
      open -= some;
      this.#taken -= some;
      if (isAside) this.#aside -= some;
    };
    try {
      await record(recorded);
    } finally {
      cancel();
      forget();
      recorded(open);
    }
  }
}

/** Reports a claim: its messages are picked up, or probed. */
export function reportClaim(context: SpoolerContext, kind: 'deliver' | 'probe', note: ClaimedNote): void {
  const { noteId, attempt, lane, entries } = note;
  if (context.trace.logs)
    context.trace.step(`claim:${kind}`, { noteId, attempt, lane, entries: entries.length, probes: note.probes });
  if (kind === 'probe') {
    if (!context.probes.isNews(noteId)) return;
    for (const entry of entries) {
      context.trace.event('message:unconfirmed', { ...noteEvent(note, entry), ...reasonFields(entry.reason), probeIn: 0 });
    }
    return;
  }
  if (!context.trace.hears('message:picked-up')) return;
  const now = context.clock.now();
  for (const entry of entries) {
    const { messageId, id } = entry;
    const [waited, late] = [Math.max(0, now - entry.acceptedAt), Math.max(0, now - entry.pickupAt)];
    context.trace.event('message:picked-up', { messageId, id, noteId, attempt, lane, waited, late });
  }
}

/** Starts a trial for each closed lane or endpoint whose time has come, then batches for all others. Resolves with the number of notes. */
export async function claimRound(round: Round): Promise<number> {
  let claimed = 0;
  for (const trial of together(round.lanes.trials())) claimed += await tryLanes(round, trial);
  const room = round.room.left;
  if (room <= 0) return claimed;
  // Asked at the same time, the storage can write both in one commit, together with results that wait to be written.
  const lanes = { except: round.lanes.notOpen() };
  const asked = await Promise.allSettled([
    claim(round, 'probe', lanes, Math.ceil(room / 2)),
    claim(round, 'deliver', lanes, Math.ceil(room / 2)),
  ]);
  for (const one of asked) {
    if (one.status === 'rejected') throw one.reason;
    claimed += one.value;
  }
  return claimed;
}

/** Joins the trials of single mailboxes, which then cost one claim of each kind. */
function together(trials: readonly Trial[]): readonly Tried[] {
  const shared = trials.filter(({ lanes }) => lanes.length > 1);
  const single = (['probe', 'deliver'] as const).map((kind) => ({
    lanes: trials.flatMap(({ lanes, first }) => (lanes.length === 1 && first === kind ? lanes : [])),
    first: kind,
    each: true,
  }));
  return [...shared, ...single.filter(({ lanes }) => lanes.length > 0)];
}

interface Tried extends Trial {
  /** Whether each lane gets a batch of its own; otherwise all lanes share one. */
  readonly each?: boolean;
}

/** Claims the kind whose turn it is, or the other one if that finds nothing. */
async function tryLanes(round: Round, trial: Tried): Promise<number> {
  const { first, each = false } = trial;
  const ofFirst = await claimTrial(round, first, trial);
  if (ofFirst > 0 && !each) return ofFirst;
  const untried = (lanes: readonly string[]): readonly string[] =>
    lanes.filter((lane) => round.lanes.admission(lane) === 'trial');
  const rest = ofFirst > 0 ? untried(trial.lanes) : trial.lanes;
  if (rest.length === 0) return ofFirst;
  const ofSecond = await claimTrial(round, first === 'probe' ? 'deliver' : 'probe', { ...trial, lanes: rest });
  if (each || ofSecond === 0) round.lanes.putOff(ofSecond > 0 ? untried(rest) : rest);
  return ofFirst + ofSecond;
}

/** A trial sends a single note; probing a batch costs as much as probing one note. */
function claimTrial(round: Round, kind: 'deliver' | 'probe', { lanes, each }: Tried): Promise<number> {
  const perLane = kind === 'deliver' ? 1 : round.parts.options.notesPerClaim;
  return claim(round, kind, { only: lanes }, each === true ? Math.min(notesAtWork, perLane * lanes.length) : perLane, perLane);
}

async function claim(
  round: Round,
  kind: 'deliver' | 'probe',
  lanes: LaneFilter,
  limit: number,
  perLane = kind === 'deliver' ? round.lanes.notesPerLane(limit) : round.parts.options.notesPerClaim,
): Promise<number> {
  const { parts, flush, context } = round;
  // The previous claim may have taken long.
  if (context.stopping()) return 0;
  const delivering = kind === 'deliver';
  if (delivering && flush !== undefined && flush.entries <= 0) return 0;
  const allowed = delivering ? unpaused(lanes, round.pauses) : lanes;
  if (allowed === undefined) return 0;
  const claimedAt = context.leases.now();
  const notes = checkedClaim(await parts.storage.claim(requestFor(round, kind, allowed, limit, perLane)));
  if (delivering && flush !== undefined) for (const note of notes) flush.entries -= note.entries.length;
  let begun = 0;
  // Reads the pauses only if they changed meanwhile. If they can't be read, nothing begins.
  const unread = delivering && notes.length > 0 ? await failureOf(round.pauses.refresh()) : undefined;
  const unfit: ClaimedNote[] = [];
  for (const [lane, batch] of batchesOf(notes, parts.options.notesPerClaim)) {
    const admission = round.lanes.admission(lane);
    // Paused while the claim was running: whoever paused it has been told that nothing more is delivered.
    const paused = delivering && (unread !== undefined || round.pauses.includes(lane));
    const fits = !paused && (admission === 'open' || (admission === 'trial' && 'only' in lanes));
    if (fits) {
      begun += batch.length;
      round.begin(kind, lane, batch, claimedAt - Math.max(...batch.map(({ age = 0 }) => age)));
    } else unfit.push(...batch);
  }
  // Lanes seen for the first time whose endpoint is known to be closed, and paused ones, are given back as if they had never been claimed. This comes last: a spool
  // that fails here must not keep the other notes waiting until their leases run out.
  if (unfit.length > 0) await giveBack(context, unfit);
  if (unread !== undefined) throw unread;
  return begun;
}

/** Gives back notes as if they had never been claimed. What the host has cancelled meanwhile ends by that. */
export async function giveBack(
  context: Pick<SpoolerContext, 'storage' | 'trace'>,
  notes: readonly Pick<ClaimedNote, 'token'>[],
): Promise<void> {
  const { changes } = await context.storage.settle(notes.map(({ token }) => ({ token, to: 'unclaim' })));
  for (const change of changes) reportChange(context, change);
}

function failureOf(work: Promise<unknown>): Promise<Error | undefined> {
  return work.then(() => undefined, asError);
}

/** @throws {OfflineImError} `SPOOL_FAILED` for a storage that returns anything but claimed notes */
function checkedClaim(notes: unknown): readonly ClaimedNote[] {
  const isNote = (note: unknown): boolean =>
    typeof property(note, 'token') === 'string' &&
    isArray(property(note, 'entries')) &&
    typeof property(note, 'lane') === 'string';
  if (isArray(notes) && notes.every(isNote)) return notes as readonly ClaimedNote[];
  throw new OfflineImError('SPOOL_FAILED', `claim() of the spool returned ${quoted(notes)}; expected claimed notes.`);
}

/** The lanes that may deliver; `undefined` if none may. Probes go on while a lane is paused. */
function unpaused(lanes: LaneFilter, pauses: Round['pauses']): LaneFilter | undefined {
  if (pauses.all) return undefined;
  if ('except' in lanes) return { except: joined([lanes.except, pauses.lanes]) };
  const only = lanes.only.filter((lane) => !pauses.includes(lane));
  return only.length === 0 ? undefined : { only };
}

function requestFor(round: Round, kind: 'deliver' | 'probe', lanes: LaneFilter, limit: number, perLane: number): ClaimRequest {
  const { parts, context, flush } = round;
  const { options, owner } = parts;
  return {
    kind,
    lanes,
    limit,
    perLane: Math.min(limit, perLane),
    lease: options.lease.duration,
    owner,
    ignorePickup: flush !== undefined,
    ...noteLimits,
    newNoteId: () => parts.newNoteId(),
    freeze(members, previous) {
      const { message, lane } = members[0] ?? missing('The first member of a note');
      const place = context.places.of(message?.from.mailbox ?? { address: lane });
      const { messageClass, subject, wording } = previous ?? noteWording(members);
      return { messageClass, subject, wording, place };
    },
  };
}

/** Splits notes into batches of one lane, with at most `size` notes each. */
function* batchesOf(
  notes: readonly ClaimedNote[],
  size: number,
): Iterable<readonly [lane: string, batch: readonly ClaimedNote[]]> {
  for (const [lane, ofLane] of Map.groupBy(notes, (note) => note.lane)) {
    for (let from = 0; from < ofLane.length; from += size) yield [lane, ofLane.slice(from, from + size)];
  }
}
