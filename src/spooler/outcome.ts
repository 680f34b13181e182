import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ClaimedNote, Reason, Settlement, SpoolEntry } from '../spool/contract.ts';
import type { AttemptEnd, DeliveryOutcome, ProbeResult, Scope } from '../transport/contract.ts';
import type { SpoolerSettings } from './options.ts';

/** An error as events and entries carry it. */
export function reasonOf(error: { readonly code?: unknown; readonly message: string; readonly details?: unknown }): Reason {
  const { code, details } = error as { code?: Reason['code']; details?: { responseCode?: unknown } };
  const serverCode = details?.responseCode;
  return {
    code: code ?? 'TRANSPORT_FAILED',
    text: error.message,
    ...(typeof serverCode === 'string' ? { serverCode } : {}),
  };
}

/** What a settlement depends on besides the outcome. */
export interface SettlementContext {
  readonly options: SpoolerSettings;
  readonly random: () => number;
}

/** The settlement of a note that was handed to the transport: the state table's arcs out of `delivering`. Pure. */
export function settlementOf(note: ClaimedNote, outcome: DeliveryOutcome, { options, random }: SettlementContext): Settlement {
  const { token } = note;
  switch (outcome.status) {
    case 'delivered':
      return { token, to: 'delivered', messageClass: outcome.messageClass };
    case 'deferred': {
      if (outcome.error.code === 'NOT_ATTEMPTED') return { token, to: 'unclaim' };
      const reason = reasonOf(outcome.error);
      // Mailbox and endpoint do the waiting; the note is ready as soon as they are.
      if (outcome.scope !== 'note') return { token, to: 'deferred', after: 0, failure: false, reason };
      const own = backOff({ first: options.retry.initialDelay, cap: options.retry.maxDelay }, note.failures + 1, random);
      const after = obey(outcome.retryAfter, own, options.retry.maxServerBackOff);
      return { token, to: 'deferred', after, failure: true, reason };
    }
    case 'unconfirmed':
      return unconfirmed(note, outcome, options);
    case 'rejected': {
      const { code, text, ...server } = reasonOf(outcome.error);
      const reason: Reason =
        outcome.draft === 'left'
          ? { code: 'DRAFT_LEFT', text: `${text} A draft of it was left in the mailbox.`, ...server }
          : { code, text, ...server };
      if (outcome.splittable && note.entries.length > 1) return { token, to: 'split', reason };
      return { token, to: 'dead', sent: 'no', reason };
    }
    case 'blocked':
      return outcome.sent === 'no' ? { token, to: 'unclaim' } : unconfirmed(note, outcome, options);
  }
}

/** The settlement of a note that was probed: the state table's arcs out of `unconfirmed`. Pure. */
export function settlementOfProbe(
  note: ClaimedNote,
  result: ProbeResult,
  history: ProbeHistory,
  { options, random }: SettlementContext,
  grace = options.probe.grace,
): Settlement {
  const { token } = note;
  const again = (absent: boolean, reason: Reason, after = probeDelay(options, note.probes)): Settlement =>
    tooLong(note, history, options)
      ? giveUp(note, options, result.status === 'pending' ? leftThere : '')
      : { token, to: 'unconfirmed', after, absent, counted: history.counted, reason };
  switch (result.status) {
    case 'found':
      return provesSent(note, result) || options.probe.onCopyAfterFault === 'delivered'
        ? { token, to: 'delivered' }
        : { token, to: 'dead', sent: 'unknown', reason: copyAfterFault };
    case 'draft':
      return { token, to: 'dead', sent: 'no', reason: result.removed ? draftRemoved : draftLeft };
    case 'pending':
      return again(false, { code: 'OUTCOME_UNKNOWN', text: 'The note is in the Outbox; it may still be sent.' });
    case 'unknown':
      return again(false, reasonOf(result.error), refusedDelay(note, result, history, { options, random }));
    case 'absent': {
      // Absent twice, the second time after the grace period: a saved copy can appear late.
      if (note.absences < 1 || note.quietFor < grace) return again(true, notFoundYet, nextLook(note, options, grace));
      if (note.expired) return { token, to: 'dead', sent: 'no', reason: expiredUnsent };
      return { token, to: 'deferred', after: 0, failure: false, reason: notFound };
    }
  }
}

/** Whether the copies found prove that the note was sent. A copy of an attempt that the server answered with an error doesn't. */
export function provesSent(
  { unknownAttempts }: Pick<ClaimedNote, 'unknownAttempts'>,
  { tags }: Extract<ProbeResult, { status: 'found' }>,
): boolean {
  const named = unknownAttempts.filter(({ tag }) => tags?.includes(tag));
  if (named.length > 0) return named.some(({ ended }) => ended !== 'fault');
  // The copy may be that of any attempt.
  return unknownAttempts.every(({ ended }) => ended !== 'fault');
}

/** The settlement of a note that has an attempt whose place is gone, by what the others showed: that they were not sent does not settle it. */
export function besideLostPlace(note: ClaimedNote, settlement: Settlement, options: SpoolerSettings): Settlement {
  const unsent = settlement.to === 'deferred' || (settlement.to === 'dead' && settlement.sent === 'no');
  return unsent ? settlementOfLostPlace(note, options) : settlement;
}

/**
 * Whether an entry is where a settlement has brought it, rather than a later call. A cancel that was requested while the note was at work is carried out by the
 * settlement, and stays requested; a cancel of what waits is not.
 */
export function hasMade(
  settlement: Settlement,
  note: ClaimedNote,
  { state, attempt, noteId, cancelRequested }: SpoolEntry,
): boolean {
  const { to } = settlement;
  if (to === state) return to === 'held' || attempt === note.attempt;
  if (!cancelRequested || attempt !== note.attempt || noteId !== note.noteId) return false;
  if ('sent' in settlement && settlement.sent === 'unknown') return to === 'deferred' && state === 'dead';
  // What is given back of a later attempt may have been claimed again as the same attempt of the same note.
  return state === 'cancelled' && to !== 'unconfirmed' && (to !== 'unclaim' || attempt === 1);
}

/** The settlement of a note with an unknown attempt whose place is no longer configured, so that nobody can look for it. */
export function settlementOfLostPlace(note: ClaimedNote, options: SpoolerSettings): Settlement {
  if (mayResend(note, options)) return giveUp(note, options);
  const text = 'The endpoint or mailbox it may have been sent to is no longer configured, so it cannot be probed.';
  return { token: note.token, to: 'dead', sent: 'unknown', reason: { code: 'OUTCOME_UNKNOWN', text } };
}

/** What a probe without a result says about lane and endpoint, as the outcome of a delivery that ended the same way. */
export function toldByProbe({
  error,
  scope = scopeOf(error),
  retryAfter,
  blocked = blocks(error),
}: Omit<Extract<ProbeResult, { status: 'unknown' }>, 'status'>): Exclude<DeliveryOutcome, { status: 'delivered' | 'rejected' }> {
  // `by: 'login'`: the next probe that is answered shows that the obstacle is gone.
  if (blocked) return { status: 'blocked', scope: scope === 'note' ? 'mailbox' : scope, sent: 'no', error, by: 'login' };
  const wait = retryAfter === undefined ? {} : { retryAfter };
  if (scope === 'note') return { status: 'unconfirmed', scope, error, ...wait };
  return { status: 'deferred', scope, error, ...wait };
}

/** The scope of an error if the transport doesn't name one. */
function scopeOf({ code }: OfflineImError): Scope {
  switch (code) {
    case 'ENDPOINT_UNREACHABLE':
    case 'CONNECTION_LOST':
    case 'EWS_DISABLED':
      return 'endpoint';
    case 'AUTHENTICATION_FAILED':
      return 'mailbox';
    default:
      return 'note';
  }
}

function blocks({ code }: OfflineImError): boolean {
  return code === 'AUTHENTICATION_FAILED' || code === 'EWS_DISABLED';
}

function unconfirmed(
  { token }: ClaimedNote,
  { error, ended = 'silence' }: { readonly error: OfflineImError; readonly ended?: AttemptEnd },
  options: SpoolerSettings,
): Settlement {
  return { token, to: 'unconfirmed', after: probeDelay(options, 0), absent: false, counted: 0, ended, reason: reasonOf(error) };
}

/** A refused probe backs off as a delivery does. If the refusal concerns the whole mailbox or endpoint, that does the waiting. */
function refusedDelay(
  { probes }: ClaimedNote,
  result: Extract<ProbeResult, { status: 'unknown' }>,
  { refusals = 0 }: ProbeHistory,
  { options, random }: SettlementContext,
): number {
  const regular = probeDelay(options, probes);
  if (toldByProbe(result).scope !== 'note') return regular;
  const own = backOff({ first: options.probe.initialDelay, cap: options.retry.maxDelay }, Math.max(1, refusals), random);
  return obey(result.retryAfter, Math.max(regular, own), options.retry.maxServerBackOff);
}

/** The wait before the next probe, which counts as soon as the grace period is over. */
function nextLook(note: ClaimedNote, options: SpoolerSettings, grace: number): number {
  const left = grace - note.quietFor;
  const delay = probeDelay(options, note.probes);
  return left > 0 ? Math.min(delay, left) : delay;
}

function tooLong(note: ClaimedNote, { probes, counted }: ProbeHistory, { probe }: SpoolerSettings): boolean {
  return probes >= 2 && note.unconfirmedFor + counted >= probe.giveUpAfter;
}

/** An expired note is only probed: sent again, it would come late, and after newer messages. */
function mayResend({ expired }: ClaimedNote, { probe }: SpoolerSettings): boolean {
  return probe.onUnconfirmed === 'resend' && !expired;
}

/** An item that may be neither: not sent any more, and no draft for certain, which nobody removes from now on. */
const leftThere = ' The last probe found it unsent, in the Outbox or in Drafts: look there.';

function giveUp(note: ClaimedNote, options: SpoolerSettings, where = ''): Settlement {
  const { token } = note;
  const { giveUpAfter } = options.probe;
  const hours = Math.round(giveUpAfter / 360_000) / 10;
  const text = `Whether it was sent could not be determined within ${hours} h.${where}`;
  return mayResend(note, options)
    ? {
        token,
        to: 'deferred',
        after: 0,
        failure: false,
        sent: 'unknown',
        reason: { code: 'OUTCOME_UNKNOWN', text: `${text} It is resent.` },
      }
    : { token, to: 'dead', sent: 'unknown', reason: { code: 'OUTCOME_UNKNOWN', text } };
}

const copyAfterFault: Reason = {
  code: 'COPY_AFTER_FAULT',
  text: 'A copy of the note was found in the mailbox, but the server had answered the request with an error: it may have failed to send.',
};
const draftRemoved: Reason = {
  code: 'STRANDED_DRAFT',
  text: 'The server kept the note as a draft instead of sending it; the draft was removed.',
};
const draftLeft: Reason = {
  code: 'DRAFT_LEFT',
  text: 'The server kept the note as a draft instead of sending it; the draft could not be removed.',
};
const notFoundYet: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The note is not in the mailbox yet.' };
const notFound: Reason = { code: 'OUTCOME_UNKNOWN', text: 'The note was not found in the mailbox: it was not sent.' };
const expiredUnsent: Reason = { code: 'EXPIRED', text: 'It expired, and was not found in the mailbox.' };

/** How the waits between tries grow. */
export interface BackOff {
  /** The longest wait after the first failure, in ms. */
  readonly first: number;
  /** The longest wait, in ms. */
  readonly cap: number;
}

/**
 * The wait after `failures` failures (1 and up), in ms: full jitter, at the cap too, so that those who failed together don't come back together.
 *
 * @param random From 0 up to, not including, 1.
 */
export function backOff({ first, cap }: BackOff, failures: number, random: () => number): number {
  const most = Math.min(cap, first * 2 ** Math.min(failures - 1, 40));
  return Math.round(fraction(random()) * most);
}

/** A host's `random` may return anything; a wait of NaN ms would never end, or end at once. */
function fraction(given: number): number {
  return given >= 0 && given <= 1 ? given : 0.5;
}

/** Waits as long as the server asked, but at most `cap`, and at least our own wait. All in ms. */
export function obey(retryAfter: number | undefined, own: number, cap: number): number {
  const asked = retryAfter === undefined || Number.isNaN(retryAfter) ? 0 : Math.min(Math.max(0, retryAfter), cap);
  return Math.max(asked, own);
}

/** The wait before the next probe, after so many, in ms: doubles, without jitter, since a probe only reads. */
export function probeDelay({ probe }: Pick<SpoolerSettings, 'probe'>, probes: number): number {
  return Math.min(probe.maxDelay, probe.initialDelay * 2 ** Math.min(probes, 40));
}

/** What this run knows about the probes of a note. */
export interface ProbeHistory {
  /** Probes in this run, this one included. */
  readonly probes: number;
  /** ms since the previous probe of this run, counting only time in which lane and endpoint could be used. */
  readonly counted: number;
  /** The number of probes in a row, this one included, that had no result. @default 0 */
  readonly refusals?: number;
}
