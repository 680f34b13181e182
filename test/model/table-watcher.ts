import type { Clock } from '../../src/core/clock.ts';
import type { ClaimedNote, Settlement, SpoolEntry, SpoolState } from '../../src/spool/contract.ts';
import { type Arc, type ModelState, type Operation, operations } from './arcs.ts';

/** What the model remembers of an entry: no index, no note, only what has been seen of it. */
export interface Watched {
  readonly id: string;
  readonly messageId: string;
  /** Its text when it was first seen. */
  readonly text: string;
  state: ModelState;
  entry: SpoolEntry;
  /** Its state before the current claim; both undefined if the watcher did not see it. */
  beforeClaim: readonly SpoolState[];
  cancelRequested: boolean;
  /** Every reason it has shown. */
  readonly reasons: Set<string>;
  purged: boolean;
  endedAt: number | undefined;
  /** Its tombstone has expired by the storage's clock, to whatever time that was set since. */
  forgettable: boolean;
  /** The host released it to the end of the order. */
  moved: boolean;
  /** Its place in the order, by arrival and by moving to the end. */
  rank: number;
  /** Never merges with others again. */
  split: boolean;
  /** Claimed for delivery by the current process. */
  tried: boolean;
  /** It is no longer probed: a request in transit may arrive late. */
  gaveUp: boolean;
  /** It expired when it may have been sent: it is probed, and never resent. */
  expired: boolean;
  /** The host requested a send though it may have been sent. */
  forced: boolean;
  /** The host cancelled it when it could no longer be known whether it was sent. */
  cancelledUnknown: boolean;
}

const ends = ['delivered', 'cancelled'] as const;

interface Claim {
  readonly kind: 'deliver' | 'probe';
  readonly entryIds: readonly string[];
  /** Monotonic. */
  until: number;
  open: boolean;
}

/**
 * The plain model of the state table beside the real spool: after every storage operation the entries are read, and each must
 * have moved along an arc that the table allows for these operations.
 */
export class TableWatcher {
  readonly entries = new Map<string, Watched>();
  readonly violations: string[] = [];
  /** Every change of state, for the reader of a failing run. */
  readonly history: string[] = [];
  readonly #claims = new Map<string, Claim>();
  readonly #clock: Clock;
  readonly #tombstones: number;
  #pending: Operation[] = [];
  /** Entries that the storage was told were delivered. */
  readonly #toldDelivered = new Set<string>();
  /** A lane or an endpoint has been closed in the current process. */
  laneWasClosed = false;
  #rank = 0;
  /** A process has opened the spool, and nothing has been seen since. */
  #begins = false;
  /** When the entries were last seen, by the storage's clock. */
  #lastLook = 0;
  /** Wall time by the storage's clock. */
  storageNow: () => number = () => 0;

  constructor(clock: Clock, tombstones: number) {
    this.#clock = clock;
    this.#tombstones = tombstones;
  }

  note(operation: Operation): void {
    this.#pending.push(operation);
  }

  /** Possible results of settling if its response is not seen. */
  settling(settlements: readonly Settlement[]): readonly Operation[] {
    return settlements.flatMap((settlement) => {
      const claim = this.#claims.get(settlement.token);
      if (claim === undefined) return [];
      const { kind, entryIds } = claim;
      const late = settlement.to === 'delivered' ? [operations.deliveredLate(this.#sentWith(settlement, entryIds))] : [];
      return [operations.settle(settlement, kind, entryIds), ...late];
    });
  }

  /** Those of the claim, and any that have left their note since that attempt. */
  #sentWith({ token }: Settlement, claimed: readonly string[]): readonly string[] {
    const tag = token.split(':').slice(0, 2).join(':');
    const others = [...this.entries.values()].filter(({ entry }) => entry.unknownAttempts.some((one) => one.tag === tag));
    return [...new Set([...claimed, ...others.map(({ id }) => id)])];
  }

  /** A new process has opened the spool, and works on nothing yet. */
  opened(storageNow: () => number): void {
    this.#markForgettable();
    this.storageNow = storageNow;
    for (const claim of this.#claims.values()) this.#end(claim);
    this.laneWasClosed = false;
    this.#begins = true;
    for (const watched of this.entries.values()) {
      if (watched.endedAt !== undefined) watched.endedAt = Math.min(watched.endedAt, storageNow());
    }
    this.#markForgettable();
  }

  claimed(kind: 'deliver' | 'probe', note: ClaimedNote, lease: number): void {
    const entryIds = note.entries.map(({ id }) => id);
    this.#claims.set(note.token, { kind, entryIds, until: this.#leaseFrom(lease), open: true });
    this.note(operations.claim(note, kind));
  }

  renewed(tokens: readonly string[], lost: readonly string[], lease: number): void {
    for (const token of tokens) {
      const claim = this.#claims.get(token);
      if (claim?.open && !lost.includes(token)) claim.until = this.#leaseFrom(lease);
    }
  }

  settled(settlement: Settlement): void {
    const claim = this.#claims.get(settlement.token);
    if (claim === undefined) {
      this.violations.push(`settled without a claim: ${settlement.token}`);
      return;
    }
    this.#lapse(claim);
    if (claim.open) {
      this.note(operations.settle(settlement, claim.kind, claim.entryIds));
      if ('reason' in settlement) for (const id of claim.entryIds) this.entries.get(id)?.reasons.add(settlement.reason.code);
      claim.open = false;
    }
    if (settlement.to !== 'delivered') return;
    this.note(operations.deliveredLate(this.#sentWith(settlement, claim.entryIds)));
    for (const id of claim.entryIds) this.#toldDelivered.add(id);
  }

  /** Reads what the spool shows now, and judges it. */
  observe(shown: readonly SpoolEntry[]): void {
    for (const claim of this.#claims.values()) this.#lapse(claim);
    this.#markForgettable();
    const seen = new Map(shown.map((entry) => [entry.id, entry]));
    this.#checkMessages(shown);
    for (const entry of shown) if (!this.entries.has(entry.id)) this.#arrive(entry);
    for (const watched of this.entries.values()) this.#judge(watched, seen.get(watched.id));
    this.#lastLook = this.storageNow();
    // The first reading in a process still sees changes of the previous one.
    if (this.#begins) for (const watched of this.entries.values()) watched.tried = false;
    this.#begins = false;
    // An entry purged just now may have ended long ago.
    this.#markForgettable();
    this.#pending = [];
  }

  /** True while the id of a message must not create a second one. */
  idTaken(messageId: string): boolean {
    return [...this.entries.values()].some((one) => one.messageId === messageId && !one.forgettable);
  }

  #arrive(entry: SpoolEntry): void {
    const appended = this.#pending.find((one) => one.name === 'append' && concerns(one, entry.id));
    if (appended === undefined) this.violations.push(`${entry.id} came from nowhere`);
    const kept = [...this.entries.values()].filter((one) => one.messageId === entry.messageId && !one.forgettable);
    const siblings = kept.every(({ id }) => appended !== undefined && concerns(appended, id));
    if (!siblings) this.violations.push(`message ${entry.messageId} was made a second time`);
    this.entries.set(entry.id, {
      id: entry.id,
      messageId: entry.messageId,
      text: entry.message?.text ?? '',
      state: 'gone',
      entry,
      beforeClaim: [],
      cancelRequested: false,
      reasons: new Set(),
      purged: false,
      endedAt: undefined,
      forgettable: false,
      moved: false,
      rank: ++this.#rank,
      split: false,
      tried: false,
      gaveUp: false,
      expired: false,
      forced: false,
      cancelledUnknown: false,
    });
  }

  #judge(watched: Watched, entry: SpoolEntry | undefined): void {
    const from = watched.state;
    const own = this.#pending.filter((one) => concerns(one, watched.id));
    // A shared spool notices an orphaned lease only when it reaches it.
    if (from === 'delivering' && !this.#isClaimed(watched.id)) own.push(operations.lapse([watched.id]));
    const to = entry?.state ?? 'gone';
    const cancelled = own.some(({ name }) => name === 'cancel');
    const mayHaveBeenSent = watched.entry.unknownAttempts.length > 0;
    const before = (state: ModelState, requestedNow = false) => ({
      state,
      cancelRequested: watched.cancelRequested || requestedNow,
      mayHaveBeenSent: mayHaveBeenSent || (entry?.unknownAttempts.length ?? 0) > 0,
      beforeClaim: from === 'spooled' || from === 'deferred' ? [from] : watched.beforeClaim,
    });
    const allowed = [false, cancelled].some((requestedNow) => reaches(from, to, own, (state) => before(state, requestedNow)));
    // It ended unseen, and its tombstone expired before the next reading.
    const couldEnd = ends.some((end) => reaches(from, end, own, before));
    if (to === 'gone' && couldEnd && this.storageNow() - this.#lastLook >= this.#tombstones) watched.forgettable = true;
    if (!allowed && !(to === 'gone' && watched.forgettable) && !(from === 'gone' && this.#isBack(watched, entry))) {
      const names = own.map(({ name }) => name).join(', ');
      this.violations.push(`${watched.id} went from ${from} to ${to}, which no row of the table allows after: ${names}`);
    }
    if (from !== to || own.some(({ entryIds }) => entryIds !== 'any')) {
      const why = [entry?.reason?.code, ...own.map(({ name }) => name)].filter((one) => one !== undefined);
      this.history.push(`${this.#clock.monotonic()} ms ${watched.id}: ${from} → ${to} (${why.join(', ')})`);
    }
    this.#remember(watched, entry, own);
  }

  #remember(watched: Watched, entry: SpoolEntry | undefined, own: readonly Operation[]): void {
    const did = (name: string): boolean => own.some((one) => one.name === name);
    const from = watched.state;
    if (entry === undefined) {
      if (did('purge')) watched.purged = true;
      // It may have ended and been purged between two readings.
      watched.endedAt ??= this.storageNow();
      watched.state = 'gone';
      return;
    }
    const mayHaveBeenSent = watched.entry.unknownAttempts.length > 0 || entry.unknownAttempts.length > 0;
    // Operations whose effects the watcher saw together may have interleaved.
    const wasDead = from === 'dead' || did('settle:dead:no') || did('settle:dead:unknown') || did('expire');
    const wasHeld = from === 'held' || did('hold') || did('settle:held');
    const released = did('release') && wasHeld && entry.state !== 'held';
    const requeued = (did('requeue') || did('requeue:force')) && wasDead && !(from === 'dead' && entry.state === 'dead');
    if (released || requeued) {
      watched.moved = true;
      watched.expired = false;
      watched.rank = ++this.#rank;
    }
    if (did('settle:dead:unknown') || did('settle:deferred:unknown')) watched.gaveUp = true;
    const expired = did('expire') || did('maybe expired');
    if (expired && from === 'unconfirmed' && entry.state === 'dead') watched.gaveUp = true;
    if (entry.state === 'unconfirmed' && (did('expire') || entry.expiresAt === 0)) watched.expired = true;
    if (did('claim:deliver')) watched.tried = true;
    if (did('settle:split')) watched.split = true;
    const wasTried = watched.tried || mayHaveBeenSent;
    if (did('expire') && !wasTried && !this.laneWasClosed) this.violations.push(`${watched.id} expired, and was not tried`);
    if (did('requeue:force') && requeued && mayHaveBeenSent) watched.forced = true;
    if (did('cancel') && entry.state === 'cancelled' && wasDead && mayHaveBeenSent) watched.cancelledUnknown = true;
    if (from === 'spooled' || from === 'deferred') watched.beforeClaim = [from];
    else if (did('claim:deliver') || did('maybe claimed')) watched.beforeClaim = ['spooled', 'deferred'];
    watched.cancelRequested = entry.cancelRequested;
    if (entry.reason !== undefined) watched.reasons.add(entry.reason.code);
    this.#checkShown(watched, entry);
    watched.state = entry.state;
    watched.entry = entry;
    watched.endedAt = entry.endedAt;
  }

  /** An expired tombstone may still exist after the clock was set back, and counts again. */
  #isBack({ forgettable }: Watched, entry: SpoolEntry | undefined): boolean {
    if (entry?.endedAt === undefined) return false;
    return forgettable && ends.some((end) => end === entry.state) && entry.endedAt > this.storageNow() - this.#tombstones;
  }

  /** One id is one message: an earlier one whose tombstone has expired is unrelated. */
  #checkMessages(shown: readonly SpoolEntry[]): void {
    const accepted = new Map<string, number>();
    for (const { messageId, acceptedAt } of shown) {
      const known = accepted.get(messageId) ?? acceptedAt;
      if (known !== acceptedAt) this.violations.push(`message ${messageId} has entries of two messages`);
      accepted.set(messageId, acceptedAt);
    }
  }

  /** What must be true of every entry by itself. */
  #checkShown(watched: Watched, entry: SpoolEntry): void {
    const { state } = entry;
    const wrong = (what: string): void => void this.violations.push(`${entry.id} is ${state} and ${what}`);
    const ended = state === 'delivered' || state === 'dead' || state === 'cancelled';
    const inNote = state === 'deferred' || state === 'delivering' || state === 'unconfirmed';
    const hasText = entry.message !== undefined;
    if (hasText !== (state !== 'delivered' && state !== 'cancelled')) wrong(`its text is ${hasText ? 'kept' : 'gone'}`);
    if (state === 'unconfirmed' && entry.unknownAttempts.length === 0) wrong('has no attempt to look for');
    if (inNote && entry.noteId === undefined) wrong('has no note');
    if (ended !== (entry.endedAt !== undefined)) wrong(`its end is ${entry.endedAt}`);
    if (state === 'dead' && entry.reason === undefined) wrong('has no reason');
    const tags = new Set(entry.unknownAttempts.map(({ tag }) => tag));
    if (!ended && watched.entry.unknownAttempts.some(({ tag }) => !tags.has(tag))) wrong('an attempt of it is forgotten');
    if (entry.pickupAt !== watched.entry.pickupAt) wrong('its pickup time has changed');
    if (this.#toldDelivered.has(entry.id) && state !== 'delivered') wrong('the storage had been told that it was delivered');
  }

  #markForgettable(): void {
    const over = this.storageNow() - this.#tombstones;
    for (const watched of this.entries.values()) {
      const tombstone = watched.purged || watched.state === 'delivered' || watched.state === 'cancelled';
      if (tombstone && watched.endedAt !== undefined && watched.endedAt <= over) watched.forgettable = true;
    }
  }

  #isClaimed(id: string): boolean {
    return [...this.#claims.values()].some(({ open, kind, entryIds }) => open && kind === 'deliver' && entryIds.includes(id));
  }

  /** Spools count whole milliseconds: times within the same one are equal. */
  #leaseFrom(lease: number): number {
    return Math.floor(this.#clock.monotonic()) + lease;
  }

  #lapse(claim: Claim): void {
    if (claim.open && claim.until <= this.#clock.monotonic()) this.#end(claim);
  }

  #end(claim: Claim): void {
    if (!claim.open) return;
    claim.open = false;
    if (claim.kind === 'deliver') this.note(operations.lapse(claim.entryIds));
  }
}

function concerns({ entryIds }: Operation, id: string): boolean {
  return entryIds === 'any' || entryIds.includes(id);
}

/** Whether the arcs of these operations, in any order, lead from one state to the other. */
function reaches(
  from: ModelState,
  to: ModelState,
  own: readonly Operation[],
  before: (state: ModelState) => Parameters<Operation['arcs']>[0],
): boolean {
  const reached = new Set<ModelState>([from]);
  for (const state of reached) {
    const arcs: Arc[] = own.flatMap((operation) => [...operation.arcs(before(state))]);
    for (const arc of arcs) if (arc[0] === state) reached.add(arc[1]);
  }
  return reached.has(to);
}
