import { type WaitingFor, waitOf } from '../sender/status.ts';
import type { Pause, StoredReport } from '../spool/admin/contract.ts';
import type { Reason, SpoolEntry, SpoolState, Standing } from '../spool/contract.ts';
import { isBeingImported } from '../spool/state/transfer.ts';

/** Why an entry is where it is, for a person. */
export interface Explanation {
  readonly id: string;
  readonly messageId: string;
  readonly state: SpoolState;
  /** Missing while it is at work, and once it has ended. */
  readonly waitingFor?: WaitingFor;
  /** What it waits for or has come to, since when, and what happens next and when. */
  readonly sentence: string;
  /** What to do. */
  readonly advice: string;
  readonly since?: Date;
  /** When it is tried or looked for next, as far as that is known. */
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

const at = (time: number | undefined): string =>
  time === undefined ? 'at a time that only its sender knows' : `at ${iso(time)}`;
const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
const why = (reason: Reason | undefined): string =>
  reason === undefined ? 'no reason is known' : `${reason.code}: ${reason.text}`;
/** How long it has been waiting, and how long it may: what is held may wait for ever, and what may have been sent is then only looked for. */
const times = ({ entry: { state, acceptedAt, expiresAt } }: Facts): string => {
  const end = state === 'unconfirmed' ? `, and is not sent again after ${iso(expiresAt)}` : `, and expires at ${iso(expiresAt)}`;
  return ` It was accepted at ${iso(acceptedAt)}${expiresAt === 0 || state === 'held' ? '' : end}.`;
};
const doubt = 'It may have been sent';
const nothing = 'Nothing: it goes on by itself, as long as a sender runs on this spool.';

const exported = {
  sentence: 'It was exported to another spool and goes on there; here it is held for good.',
  advice: 'Explain it there. Once that spool has it: offline-im cancel --code EXPORTED',
};

const imported = {
  sentence: 'It is being imported, and goes as soon as it is what it was where it comes from.',
  advice: 'Nothing while that import runs. If it was ended: offline-im import the same file once more',
};

const copied: Sentence = (facts) => ({
  sentence: `It is held until it is released, since this spool has it from another one (a backup, an export with --copy, or an import that was ended): it may have been sent there since.${times(facts)}`,
  advice: `If it was sent: offline-im cancel ${facts.entry.id}. If not: offline-im release ${facts.entry.id}, or all of them by offline-im release --code SPOOL_RESTORED`,
});

const waits: Readonly<Record<WaitingFor, Sentence>> = {
  pickup: (facts) =>
    isBeingImported(facts.entry)
      ? imported
      : {
          sentence: `It was accepted at ${iso(facts.entry.acceptedAt)} and waits for its pickup time; a sender takes it ${at(facts.nextAt)}.`,
          advice: nothing,
        },
  'back-off': (facts) => ({
    sentence: `An attempt failed (${why(facts.reason)}); it is tried again ${at(facts.nextAt)}.${times(facts)}`,
    advice: `Nothing, if the cause is passing. If it is mended already, it is tried at once after: offline-im hold ${facts.entry.id}, then offline-im release ${facts.entry.id}`,
  }),
  order: (facts) => {
    const { older, entry } = facts;
    return {
      sentence: `An older message of its conversation${older === undefined ? '' : ` (${older.messageId}, ${older.state})`} has not ended; it goes as soon as that one has.${times(facts)}`,
      advice: `See what keeps the older one: offline-im ${older === undefined ? `list --mailbox ${entry.lane}` : `explain ${older.id}`}`,
    };
  },
  'mailbox-blocked': (facts) => ({
    sentence: `The mailbox ${facts.entry.lane} is blocked since ${iso(facts.since ?? facts.now)} (${why(facts.reason)}); it is tried again ${at(facts.nextAt)}.${times(facts)}`,
    advice: `Mend the login or the rights of the mailbox, then: offline-im retry-now ${facts.entry.lane}`,
  }),
  'endpoint-unavailable': (facts) => ({
    sentence: `The server can't be reached, or refuses everybody, since ${iso(facts.since ?? facts.now)} (${why(facts.reason)}); it is tried again ${at(facts.nextAt)}.${times(facts)}`,
    advice: 'Mend the server or the way to it, then: offline-im retry-now',
  }),
  probe: (facts) => ({
    sentence: `It may have been sent (${why(facts.reason)}), and is looked for before it is ever sent again; next ${at(facts.nextAt)}.${times(facts)}`,
    advice: 'Nothing: it ends as delivered, is sent again, or is given up as dead with OUTCOME_UNKNOWN.',
  }),
  held: (facts) => {
    const { id, reason } = facts.entry;
    if (reason?.code === 'EXPORTED') return exported;
    if (reason?.code === 'SPOOL_RESTORED') return copied(facts);
    return {
      sentence: `It is held, by the host or an operator, until it is released.${times(facts)}`,
      advice: `offline-im release ${id}`,
    };
  },
  paused: (facts) => {
    const { pauses } = facts;
    const told = pauses.map(({ lane, since, by, why: said }) => {
      const whose = lane === undefined ? 'every mailbox' : `the mailbox ${lane}`;
      return `${whose} is paused since ${iso(since)} by ${by}${said === undefined ? '' : ` (${said})`}`;
    });
    const resume = pauses.map(({ lane }) => `offline-im resume${lane === undefined ? '' : ` ${lane}`}`);
    return {
      sentence: `Delivery of ${told.join(', and that of ')}; it goes when that is resumed, unless it expires before.${times(facts)}`,
      advice: resume.join(', and '),
    };
  },
  worker: (facts) => ({
    sentence:
      facts.entry.state === 'unconfirmed'
        ? `It may have been sent, is due to be looked for, and no sender has done that.${times(facts)}`
        : `It is due, and no sender has taken it.${times(facts)}`,
    advice: 'Is a sender running on this spool? If one is, it is busy with others; if none is: start it, or offline-im drain',
  }),
};

const ends: Readonly<Record<Exclude<SpoolState, 'spooled' | 'deferred' | 'unconfirmed' | 'held'>, Sentence>> = {
  delivering: (facts) => ({
    sentence: `It is being sent now, attempt ${facts.entry.attempt}; if its sender dies, it is looked for once its lease has run out.`,
    advice: nothing,
  }),
  delivered: (facts) => ({
    sentence: `Exchange accepted it at ${iso(facts.since ?? facts.now)}.`,
    advice: 'Nothing. If the person has not got it, ask the administrators of Exchange to trace the message.',
  }),
  dead: (facts) => ({
    sentence: `It was given up at ${iso(facts.since ?? facts.now)} (${why(facts.reason)}).`,
    advice:
      facts.entry.unknownAttempts.length > 0
        ? `It may have been sent. To look for it, and send it again if it was not: offline-im requeue ${facts.entry.id}`
        : `Mend the cause, then: offline-im requeue ${facts.entry.id}`,
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
    return silent ? { ...said, sentence: `${doubt}, and is looked for first. ${said.sentence}` } : said;
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
