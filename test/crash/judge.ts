import type { SpoolState } from '../../src/spool/contract.ts';
import type { ItemSnapshot, SimulatorSnapshot } from '../support/simulator-protocol.ts';
import type { Ledger } from './ledger.ts';
import { isInOrder } from './order.ts';
import { addressesOf, conversationOf, idOf, numbersIn, type People } from './worker-options.ts';

/** Final counts of every mailbox and of the spool. */
export interface Findings {
  readonly accepted: number;
  /** Neither in the inbox of their recipient, nor dead with a code that says why. */
  readonly lost: readonly number[];
  /**
   * Two copies anywhere in the mailbox of the recipient or of others, or two in that of the sender: a note sent twice appears
   * twice in the history, even if the second one did not reach the inbox, and an item in the Outbox is still to be sent.
   */
  readonly twice: readonly number[];
  /** Delivered, but without a copy in the mailbox of the sender. */
  readonly unsaved: readonly number[];
  /** In the inbox of someone else, of nobody, or from the mailbox of another sender. */
  readonly misdirected: readonly number[];
  /**
   * Recipients whose messages Exchange did not accept in the order of the accepted calls, which is what is promised. A note that
   * Exchange accepts and holds in its Outbox may be overtaken there; the sender was told that it is on its way.
   */
  readonly outOfOrder: readonly string[];
  /** Dead with a code that says that they were not sent, though they were. */
  readonly belied: readonly number[];
  /** Reported as not kept, or never sent before, and then found to be kept already. */
  readonly contradicted: readonly number[];
  /** In any folder of any mailbox, deleted ones included, since someone may find them there. Excludes those reported as left (`DRAFT_LEFT`). */
  readonly drafts: number;
  /** Dead messages by code, for a host to read and decide on: the faults of the server justify them. */
  readonly dead: Readonly<Record<string, number>>;
  /** Entries of the spool by state, except delivered and {@link Findings.dead} ones; `missing`: delivered ones that should be there too. */
  readonly left: Readonly<Partial<Record<SpoolState | 'missing', number>>>;
  /**
   * ms from acceptance to arrival, including the two-minute pickup delay (40 ms here). Negative: it arrived before its worker,
   * suspended or slow, could report the acceptance.
   */
  readonly waits: { readonly least: number; readonly median: number; readonly longest: number };
}

/** Input of the judge. */
export interface Evidence {
  readonly messages: number;
  readonly people: People;
  readonly ledger: Ledger;
  readonly exchange: SimulatorSnapshot;
  readonly counts: Readonly<Record<SpoolState, number>>;
  /** Codes of dead messages, by id. @default none */
  readonly dead?: Readonly<Record<string, string>>;
}

/** Codes with which a message may be dead here, given the faults of the server; with those of the first line it was never sent. */
const unsentCodes = new Set(['ErrorSendAsDenied', 'STRANDED_DRAFT', 'DRAFT_LEFT']);
const endingCodes = new Set([...unsentCodes, 'COPY_AFTER_FAULT']);

interface Arrival {
  readonly number: number;
  readonly at: number;
  /** When Exchange accepted the note. */
  readonly sentAt: number;
}

export function judge({ messages, people, ledger, exchange, counts, dead = {} }: Evidence): Findings {
  const arrivals = new Map<string, Arrival[]>();
  const seen = new Set<number>();
  const home = new Set<number>();
  const twice = new Set<number>();
  const misdirected = new Set<number>();
  const arrive = (number: number, isHome: boolean): void => {
    (seen.has(number) ? twice : seen).add(number);
    (isHome ? home : misdirected).add(number);
  };
  const saved = new Set<number>();
  for (const [address, folders] of Object.entries(exchange.mailboxes)) {
    for (const [folder, notes] of Object.entries(folders)) {
      for (const note of notes.filter(({ isDraft }) => !isDraft)) {
        for (const number of numbersIn(note.body)) {
          const { from, to } = addressesOf(conversationOf(number, people), people);
          if (address === from && from !== to && folder !== 'inbox') {
            (saved.has(number) ? twice : saved).add(number);
            continue;
          }
          const first = !seen.has(number);
          const isHome = folder === 'inbox' && belongs(number, address, note, people);
          arrive(number, isHome);
          if (isHome && first) arrivals.set(address, [...(arrivals.get(address) ?? []), arrivalOf(number, note)]);
        }
      }
    }
  }
  for (const { body } of exchange.outbound) for (const number of numbersIn(body)) arrive(number, false);
  const positions = (number: number): readonly number[] => ledger.acceptance(number)?.positions ?? [];
  return {
    accepted: ledger.size,
    lost: Array.from({ length: messages }, (_, number) => number).filter(
      (number) => !home.has(number) && !endingCodes.has(dead[idOf(number)] ?? ''),
    ),
    twice: [...twice],
    unsaved: [...home].filter((number) => !saved.has(number)),
    misdirected: [...misdirected],
    outOfOrder: [...arrivals].flatMap(([address, arrived]) => {
      const numbers = arrived.toSorted((a, b) => a.sentAt - b.sentAt).map(({ number }) => number);
      return isInOrder(numbers, positions) ? [] : [address];
    }),
    belied: [...seen].filter((number) => unsentCodes.has(dead[idOf(number)] ?? '')),
    contradicted: ledger.contradicted,
    drafts: Object.values(exchange.mailboxes)
      .flatMap((folders) => Object.entries(folders))
      .flatMap(([folder, notes]) => notes.filter(({ isDraft }) => isDraft || folder === 'drafts'))
      .filter(({ body }) => !numbersIn(body).every((number) => dead[idOf(number)] === 'DRAFT_LEFT')).length,
    dead: tally(Object.values(dead)),
    left: leftOf(counts, messages, Object.values(dead).filter((code) => endingCodes.has(code)).length),
    waits: waitsOf([...arrivals.values()].flat(), ledger),
  };
}

function arrivalOf(number: number, { createdAt, sentAt = createdAt }: ItemSnapshot): Arrival {
  return { number, at: createdAt, sentAt };
}

function belongs(number: number, address: string, note: ItemSnapshot, people: People): boolean {
  const { to, from } = addressesOf(conversationOf(number, people), people);
  return address === to && note.from === from && note.to.length === 1 && note.to[0] === to;
}

function tally(codes: readonly string[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const code of codes) sums[code] = (sums[code] ?? 0) + 1;
  return sums;
}

function leftOf(
  { delivered, ...others }: Readonly<Record<SpoolState, number>>,
  messages: number,
  ended: number,
): Findings['left'] {
  const unended = { ...others, dead: others.dead - ended };
  const left = Object.fromEntries(Object.entries(unended).filter(([, count]) => count !== 0));
  const missing = messages - delivered - ended;
  return missing === 0 ? left : { ...left, missing };
}

function waitsOf(arrivals: readonly Arrival[], ledger: Ledger): Findings['waits'] {
  const waits = arrivals.flatMap(({ number, at }) => at - (ledger.acceptance(number)?.from ?? at)).sort((a, b) => a - b);
  return { least: waits[0] ?? 0, median: waits[waits.length >> 1] ?? 0, longest: waits.at(-1) ?? 0 };
}
