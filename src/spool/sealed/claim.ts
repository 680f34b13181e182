import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { ClaimedNote, ClaimRequest, Frozen, Refreeze, Settlement, SpoolStorage } from '../contract.ts';
import { storableFrozen } from '../state/claim.ts';
import { type Entries, isLocked } from './entries.ts';
import { isPendingPlace, openFrozen, pendingFrozen, sealFrozen } from './frozen.ts';
import type { Sealer } from './seal.ts';

/** A storage that takes the frozen parts after the claim. */
export type Refreezable = SpoolStorage & Required<Pick<SpoolStorage, 'refreeze'>>;

/** ms until a note that can't be opened is tried again: another process may have the keys, and this one may get them with its next start. */
const lockedRetry = 300_000;

/** How many ids a warning names at most. */
const named = 10;

/** The surroundings of {@link Claims}. */
export interface ClaimsContext {
  readonly inner: Refreezable;
  readonly entries: Entries;
  readonly sealer: Sealer;
  /** Called when entries wait for a key. */
  warn(error: OfflineImError): void;
}

interface Opened {
  readonly note: ClaimedNote;
  /** Replaces the pending parts. */
  readonly refreeze?: Refreeze;
}

/** The id of the first entry of a note. */
function firstOf({ entries: [first] }: ClaimedNote): string {
  return (first ?? missing('The first entry of a note')).id;
}

interface Locked {
  readonly note: ClaimedNote;
  readonly error: OfflineImError;
}

/**
 * Claims notes and opens them. A note of which one entry can't be opened goes back as it was, with a delay, and its conversation waits; all others
 * go on.
 */
export class Claims {
  readonly #context: ClaimsContext;

  constructor(context: ClaimsContext) {
    this.#context = context;
  }

  /** `request`: as the caller gave it, but with lanes as the storage below knows them. */
  async claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    const { inner } = this.#context;
    const seen = new Set<string>();
    for (;;) {
      const previous = new Map<string, Frozen | undefined>();
      const claimed = await inner.claim({
        ...request,
        freeze(members, before) {
          const [first] = members;
          if (first === undefined) missing('The first member of a note');
          previous.set(first.id, before);
          return pendingFrozen(first.messageClass, before);
        },
      });
      const results = await Promise.all(claimed.map((note) => this.#opened(note, request, previous)));
      const opened = results.filter((one): one is Opened => !('error' in one));
      const locked = results.filter((one): one is Locked => 'error' in one);
      if (locked.length > 0) await this.#giveBack(locked);
      const news = locked.filter(({ note }) => !seen.has(firstOf(note)));
      for (const { note } of news) seen.add(firstOf(note));
      // What can't be opened must not hide what can: the next ones in line are claimed, unless a flush gives the same ones again.
      if (opened.length > 0 || news.length === 0) return this.#frozen(opened);
    }
  }

  async #opened(
    note: ClaimedNote,
    request: ClaimRequest,
    previous: ReadonlyMap<string, Frozen | undefined>,
  ): Promise<Opened | Locked> {
    const { entries, sealer } = this.#context;
    const { noteId, tag, token } = note;
    try {
      const [members, unknownAttempts] = await Promise.all([
        Promise.all(note.entries.map((entry) => entries.open(entry))),
        entries.attempts(
          note.unknownAttempts,
          note.entries.map(({ id }) => id),
        ),
      ]);
      const first = firstOf(note);
      const shown = { ...note, lane: members[0]?.lane ?? note.lane, entries: members, unknownAttempts };
      if (!isPendingPlace(note.frozen.place)) {
        const frozen = (await openFrozen(sealer, note.frozen, noteId)) ?? note.frozen;
        return { note: { ...shown, frozen } };
      }
      // Pending without a call of freeze: the process that claimed it died before it could go on.
      const before = previous.has(first) ? previous.get(first) : note.frozen;
      const known = before === undefined ? undefined : await openFrozen(sealer, before, noteId);
      const frozen = storableFrozen(request.freeze(members, known));
      const sealed = await sealFrozen(sealer, frozen, {
        noteId,
        tag,
        entries: members.map(({ id }) => id),
        subject: known === undefined ? undefined : before?.subject,
      });
      return { note: { ...shown, frozen }, refreeze: { token, frozen: sealed } };
    } catch (error) {
      if (isLocked(error)) return { note, error };
      throw error;
    }
  }

  /** Writes the sealed parts before anybody sees the claim: the note can be probed, whatever happens from here on. */
  async #frozen(opened: readonly Opened[]): Promise<readonly ClaimedNote[]> {
    const changed = opened.flatMap(({ refreeze }) => refreeze ?? []);
    const lost = new Set(changed.length === 0 ? [] : await this.#context.inner.refreeze(changed));
    return opened.map(({ note }) => note).filter(({ token }) => !lost.has(token));
  }

  async #giveBack(locked: readonly Locked[]): Promise<void> {
    const settlements = locked.map(({ note }): Settlement => ({ token: note.token, to: 'unclaim', after: lockedRetry }));
    await this.#context.inner.settle(settlements);
    const byCause = new Map<string, Locked[]>();
    for (const one of locked) {
      const cause = JSON.stringify([one.error.code, one.error.details.keyId]);
      byCause.set(cause, [...(byCause.get(cause) ?? []), one]);
    }
    for (const alike of byCause.values()) this.#warn(alike);
  }

  #warn(alike: readonly Locked[]): void {
    const [first] = alike;
    if (first === undefined) return;
    const { code, message, details } = first.error;
    const entryIds = alike.flatMap(({ note }) => note.entries.map(({ id }) => id));
    const many = entryIds.length === 1 ? '1 entry waits' : `${entryIds.length} entries wait`;
    this.#context.warn(
      new OfflineImError(code, `${message} ${many}, and what follows in the same conversations.`, {
        details: { ...details, entries: entryIds.length, entryIds: entryIds.slice(0, named) },
      }),
    );
  }
}
