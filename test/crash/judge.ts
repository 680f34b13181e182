import type { SpoolState } from '../../src/spool/contract.ts';
import type { ItemSnapshot, SimulatorSnapshot } from '../support/simulator-protocol.ts';
import type { Ledger } from './ledger.ts';
import { isInOrder } from './order.ts';
import { addressesOf, conversationOf, idOf, numbersIn, type People } from './worker-options.ts';

/** What was counted at the end in every mailbox, and in the spool. */
export interface Findings {
  readonly accepted: number;
  /** Not in the inbox of their recipient, nor dead by a code that says why. */
  readonly lost: readonly number[];
  /**
   * Two copies anywhere in the recipient's mailbox or in others', or two in the sender's: what was sent twice shows twice in the history, even
   * where the second one was kept from the inbox, and what lies in the Outbox is still to be sent.
   */
  readonly twice: readonly number[];
  /** Delivered, with no copy in the sender's mailbox. */
  readonly unsaved: readonly number[];
  /** In somebody else's inbox, in nobody's, or from another sender's mailbox. */
  readonly misdirected: readonly number[];
  /**
   * Recipients whose messages Exchange did not accept in the order of the calls that were accepted. That is what is promised: a note that it has accepted
   * and holds in its Outbox is overtaken there, by no fault of the sender, who was told that it is on its way.
   */
  readonly outOfOrder: readonly string[];
  /** Dead by a code that says that they were not sent, though they were. */
  readonly belied: readonly number[];
  /** Said not to have been kept, or never sent before, and then found to be kept already. */
  readonly contradicted: readonly number[];
  /** In any folder of any mailbox; deleted ones too, since somebody may find them there. Not those that are reported as left (`DRAFT_LEFT`). */
  readonly drafts: number;
  /** Dead messages by code, which a host reads and decides on: what the server did to them asks for no less. */
  readonly dead: Readonly<Record<string, number>>;
  /** Entries of the spool by state, but for delivered and {@link Findings.dead} ones; `missing`: delivered ones that there should be besides. */
  readonly left: Readonly<Partial<Record<SpoolState | 'missing', number>>>;
  /**
   * ms from acceptance to arrival, the two-minute pickup (40 ms here) included. Below 0: it arrived before its worker, stopped or slow, could say that it
   * was accepted.
   */
  readonly waits: { readonly least: number; readonly median: number; readonly longest: number };
}

/** What is judged. */
export interface Evidence {
  readonly messages: number;
  readonly people: People;
  readonly ledger: Ledger;
  readonly exchange: SimulatorSnapshot;
  readonly counts: Readonly<Record<SpoolState, number>>;
  /** Codes of dead messages, by id. @default none */
  readonly dead?: Readonly<Record<string, string>>;
}

/** Codes by which a message may end dead here, for what the server is made to do; by those of the first line it was never sent. */
const unsentCodes = new Set(['ErrorSendAsDenied', 'STRANDED_DRAFT', 'DRAFT_LEFT']);
const endingCodes = new Set([...unsentCodes, 'COPY_AFTER_FAULT']);

interface Arrival {
  readonly number: number;
  readonly at: number;
  /** When Exchange accepted it. */
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
