import { type WaitingFor, waitOf } from '../sender/status.ts';
import type { Pause, StoredReport } from '../spool/admin/contract.ts';
import type { Reason, SpoolEntry, SpoolState, Standing } from '../spool/contract.ts';
import { isBeingImported } from '../spool/state/transfer.ts';

/** Why an entry is where it is, for a person. */
export interface Explanation {
  readonly id: string;
  readonly messageId: string;
  readonly state: SpoolState;
  /** Missing while its note is being sent, and once it has ended. */
  readonly waitingFor?: WaitingFor;
  /** What it is waiting for or how it ended, since when, and what happens next and when. */
  readonly sentence: string;
  /** What to do. */
  readonly advice: string;
  readonly since?: Date;
  /** When it is next sent or probed, if known. */
  readonly nextAt?: Date;
}

/** What is known of an entry and of what may keep it. */
export interface Known {
  readonly entry: SpoolEntry;
  readonly standing: Standing | undefined;
  /** Those that keep its mailbox from delivering: of every mailbox, of its own, or both. */
  readonly pauses: readonly Pause[];
  /** What its conversation waits for, where that was found. */
  readonly older?: Pick<SpoolEntry, 'id' | 'messageId' | 'state'> | undefined;
  readonly reports: readonly StoredReport[];
  readonly now: number;
}

type Facts = Known & {
  readonly nextAt: number | undefined;
  readonly reason: Reason | undefined;
  readonly since: number | undefined;
};
type Sentence = (facts: Facts) => { readonly sentence: string; readonly advice: string };

const at = (time: number | undefined): string => (time === undefined ? 'at a time only its sender knows' : `at ${iso(time)}`);
const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
const why = (reason: Reason | undefined): string => (reason === undefined ? 'reason unknown' : `${reason.code}: ${reason.text}`);
/** Since when it has waited, and for how long it may: held messages never expire, and what may have been sent is only probed after its expiry. */
const times = ({ entry: { state, acceptedAt, expiresAt } }: Facts): string => {
  const end = state === 'unconfirmed' ? ` and is not resent after ${iso(expiresAt)}` : ` and expires at ${iso(expiresAt)}`;
  return ` It was accepted at ${iso(acceptedAt)}${expiresAt === 0 || state === 'held' ? '' : end}.`;
};
const doubt = 'It may have been sent';
const nothing = 'Nothing, as long as a sender is running on this spool.';

const exported = {
  sentence: 'An export holds it here for good; the spool that imports it delivers it.',
  advice:
    'Run explain on that spool. Once the message is there: offline-im cancel --code EXPORTED. If the export did not finish, run it again',
};

const imported = {
  sentence: 'It is being imported; its original state has not been restored yet.',
  advice: 'Nothing while the import is running. If it was interrupted: run offline-im import with the same file again',
};

const copied: Sentence = (facts) => ({
  sentence: `It is held until it is released, because it was copied from another spool (by a backup, an export with --copy, or an interrupted import), which may have sent it since.${times(facts)}`,
  advice: `If it was sent: offline-im cancel ${facts.entry.id}. If not: offline-im release ${facts.entry.id}, or all of them with offline-im release --code SPOOL_RESTORED`,
});

const waits: Readonly<Record<WaitingFor, Sentence>> = {
  pickup: (facts) =>
    isBeingImported(facts.entry)
      ? imported
      : {
          sentence: `It was accepted at ${iso(facts.entry.acceptedAt)} and is waiting for its pickup time; a sender picks it up ${at(facts.nextAt)}.`,
          advice: nothing,
        },
  'back-off': (facts) => ({
    sentence: `The last attempt failed (${why(facts.reason)}); the next one is ${at(facts.nextAt)}.${times(facts)}`,
    advice: `Nothing, if the cause is temporary. To retry at once, when it is fixed: offline-im hold ${facts.entry.id}, then offline-im release ${facts.entry.id}`,
  }),
  order: (facts) => {
    const { older, entry } = facts;
    return {
      sentence: `It is waiting for an older message in its conversation to finish${older === undefined ? '' : ` (${older.messageId}, ${older.state})`}.${times(facts)}`,
      advice: `See what is holding up the older message: offline-im ${older === undefined ? `list --mailbox ${entry.lane}` : `explain ${older.id}`}`,
    };
  },
  'mailbox-blocked': (facts) => ({
    sentence: `The mailbox ${facts.entry.lane} has been blocked since ${iso(facts.since ?? facts.now)} (${why(facts.reason)}); the next attempt is ${at(facts.nextAt)}.${times(facts)}`,
    advice: `Fix the login or the permissions of the mailbox, then: offline-im retry-now ${facts.entry.lane}`,
  }),
  'endpoint-unavailable': (facts) => ({
    sentence: `The server has been unreachable, or has refused all requests, since ${iso(facts.since ?? facts.now)} (${why(facts.reason)}); the next attempt is ${at(facts.nextAt)}.${times(facts)}`,
    advice: 'Fix the server or the connection to it, then: offline-im retry-now',
  }),
  probe: (facts) => ({
    sentence: `It may have been sent (${why(facts.reason)}), so the mailbox is searched for it before it is ever resent; the next probe is ${at(facts.nextAt)}.${times(facts)}`,
    advice: 'Nothing: it ends up delivered, is resent, or becomes dead with OUTCOME_UNKNOWN.',
  }),
  held: (facts) => {
    const { id, reason } = facts.entry;
    if (reason?.code === 'EXPORTED') return exported;
    if (reason?.code === 'SPOOL_RESTORED') return copied(facts);
    return {
      sentence: `The host or an operator put it on hold; it waits until it is released.${times(facts)}`,
      advice: `offline-im release ${id}`,
    };
  },
  paused: (facts) => {
    const { pauses } = facts;
    const told = pauses.map(({ lane, since, by, why: said }) => {
      const whose = lane === undefined ? 'every mailbox' : `the mailbox ${lane}`;
      return `for ${whose} at ${iso(since)} by ${by}${said === undefined ? '' : ` (${said})`}`;
    });
    const resume = pauses.map(({ lane }) => `offline-im resume${lane === undefined ? '' : ` ${lane}`}`);
    return {
      sentence: `Delivery was paused ${told.join(', and ')}; it waits until delivery resumes, unless it expires first.${times(facts)}`,
      advice: resume.join(', and '),
    };
  },
  worker: (facts) => ({
    sentence:
      facts.entry.state === 'unconfirmed'
        ? `It may have been sent; a probe is due, but no sender has run it yet.${times(facts)}`
        : `It is due, but no sender has picked it up yet.${times(facts)}`,
    advice:
      'Is a sender running on this spool? If so, it is busy with other messages. If not, start one, or run: offline-im drain',
  }),
};

const ends: Readonly<Record<Exclude<SpoolState, 'spooled' | 'deferred' | 'unconfirmed' | 'held'>, Sentence>> = {
  delivering: (facts) => ({
    sentence: `It is being sent now, attempt ${facts.entry.attempt}, or its sender has the result and could not record it yet; if its sender dies, the mailbox is probed for it once the lease has expired.`,
    advice:
      'Nothing at first. If it stays so for minutes, look for warnings of its sender with the code SPOOL_FAILED: they say why the spool refuses the result.',
  }),
  delivered: (facts) => ({
    sentence: `Exchange accepted it at ${iso(facts.since ?? facts.now)}.`,
    advice: 'Nothing. If the recipient did not get it, ask the Exchange administrators to trace the message.',
  }),
  dead: (facts) => ({
    sentence: `The sender gave up on it at ${iso(facts.since ?? facts.now)} (${why(facts.reason)}).`,
    advice:
      facts.entry.unknownAttempts.length > 0
        ? `It may have been sent. To probe for it, and resend it only if it was not: offline-im requeue ${facts.entry.id}`
        : `Fix the cause, then: offline-im requeue ${facts.entry.id}`,
  }),
  cancelled: (facts) => ({ sentence: `It was cancelled at ${iso(facts.since ?? facts.now)}.`, advice: 'Nothing.' }),
};

/** Says what an entry waits for. Pure. */
export function explain(known: Known): Explanation {
  const { entry, standing, pauses, reports, now } = known;
  const obstacle = reports.flatMap(({ obstacles }) => obstacles).find(({ lanes }) => lanes.includes(entry.lane));
  const lane = obstacle && {
    waitingFor: obstacle.kind,
    nextIn: Math.max(0, obstacle.nextTrialAt - now),
    reason: obstacle.reason,
  };
  const { waitingFor, nextIn, reason = entry.reason } = waitOf(entry, standing, lane, now, pauses.length > 0);
  const nextAt = nextIn === undefined || isBeingImported(entry) ? undefined : now + nextIn;
  const blocked = waitingFor === 'mailbox-blocked' || waitingFor === 'endpoint-unavailable';
  const since = waitingFor === 'paused' ? pauses[0]?.since : blocked ? obstacle?.since : (entry.endedAt ?? undefined);
  const facts = { ...known, nextAt, reason, since };
  return {
    id: entry.id,
    messageId: entry.messageId,
    state: entry.state,
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...sentenceOf(entry.state, waitingFor, facts),
    ...(since === undefined ? {} : { since: new Date(since) }),
    ...(nextAt === undefined ? {} : { nextAt: new Date(nextAt) }),
  };
}

function sentenceOf(state: SpoolState, waitingFor: WaitingFor | undefined, facts: Facts): ReturnType<Sentence> {
  if (waitingFor !== undefined) {
    const said = waits[waitingFor](facts);
    const silent = state === 'unconfirmed' && !said.sentence.startsWith(doubt);
    return silent ? { ...said, sentence: `${doubt}, so the mailbox is probed for it first. ${said.sentence}` } : said;
  }
  switch (state) {
    case 'spooled':
    case 'deferred':
    case 'unconfirmed':
      return waits.worker(facts);
    case 'held':
      return waits.held(facts);
    case 'delivering':
    case 'delivered':
    case 'dead':
    case 'cancelled':
      return ends[state](facts);
  }
}
