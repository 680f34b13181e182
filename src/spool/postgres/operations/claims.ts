import type { ClaimedNote, ClaimRequest } from '../../contract.ts';
import type { Session } from '../connection/session.ts';
import { claimNotes } from './claim.ts';
import { LaneTurns } from './lock-due.ts';

/** Claims at work at once: each passes over what the others have locked, and their commits go to the disk together. */
const claimsAtOnce = 4;
/** Connections of a pool that are left to everything else. */
const leftToOthers = 4;

/** Claims, several at once: those of one loop come one after the other, and loops don't wait for each other. */
export class Claims {
  readonly #session: Session;
  readonly #expireLeases: () => Promise<void>;
  readonly #turns = new LaneTurns();
  readonly #waiting: (() => void)[] = [];
  readonly #most: number;
  #running = 0;

  constructor(session: Session, expireLeases: () => Promise<void>) {
    this.#session = session;
    this.#expireLeases = expireLeases;
    this.#most = Math.max(1, Math.min(claimsAtOnce, (session.connections.most ?? 0) - leftToOthers));
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    await this.#turn();
    try {
      return await this.#claim(request);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** Until there are few enough at work, or one has handed over its place; in the order in which they were asked for. */
  async #turn(): Promise<void> {
    if (this.#running < this.#most) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #claim(request: ClaimRequest): Promise<readonly ClaimedNote[]> {
    // What lapsed and is held by another transaction is left to it: once is enough.
    for (let first = true; ; first = false) {
      const look = first;
      const { sql } = this.#session;
      const ask = this.#turns.ask(sql.tables, request);
      const claimed = await this.#session.transact<readonly ClaimedNote[] | 'lapsed'>(
        async (client, answer) => {
          const locked = await this.#turns.lockDue(client, sql, ask, answer);
          if (look && locked.lapsed) return { result: 'lapsed', commit: false };
          return claimNotes(client, sql, request, locked);
        },
        { first: ask.written },
      );
      if (claimed !== 'lapsed') return claimed;
      await this.#expireLeases();
    }
  }
}
