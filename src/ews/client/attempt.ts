/** How one leg of a request ended. */
type LegEnd =
  | 'under-way'
  | 'answered'
  /** By a 401 or 407: whoever must log in first has not been listened to. */
  | 'refused'
  | 'unwritten'
  | 'broken';

/** One leg of a request: a single HTTP exchange. */
export interface Leg {
  /** A leg of a login that asks for a challenge has none, so there is nothing that a server could process. */
  readonly hasBody: boolean;
  /** The server answered with that status. */
  answered(status: number): void;
  /** It failed. `unwritten`: it is certain that the server read nothing of it. */
  failed(error: unknown, unwritten: boolean): void;
}

/** Gives up a leg that is under way; true when it is certain that nothing of it was written, nor ever will be. */
export type GiveUp = () => boolean;

interface LegRecord {
  readonly hasBody: boolean;
  end: LegEnd;
  /** Of its answer; undefined without one. */
  status: number | undefined;
  error: unknown;
  readonly giveUp: GiveUp;
}

/**
 * One request with all the legs that its login made of it. From how each of them ended follows the only thing that counts:
 * whether the server may have processed the request.
 */
export class Attempt {
  /** Until its answer was read, a host's dispatcher may make the request again. */
  readonly closed = Promise.withResolvers<void>();
  /** A leg's answer says nothing of what was written for it before: a host's client had lost an answer, and went on elsewhere. Whatever it says, no further leg may begin. */
  lost: boolean | undefined;
  readonly #legs: LegRecord[] = [];
  #over = false;

  begin(hasBody: boolean, giveUp: GiveUp = () => false): Leg {
    const record: LegRecord = { hasBody, end: 'under-way', status: undefined, error: undefined, giveUp };
    this.#legs.push(record);
    return {
      hasBody,
      answered: (status) => {
        record.end = status === 401 || status === 407 ? 'refused' : 'answered';
        record.status = status;
      },
      failed: (error, unwritten) => {
        record.end = unwritten ? 'unwritten' : 'broken';
        record.error = error;
      },
    };
  }

  /** `no`: it is certain that no server processed it. One leg in doubt is enough for `unknown`, whatever the others say. */
  get sent(): 'no' | 'unknown' {
    return this.#legs.some(isInDoubt) ? 'unknown' : 'no';
  }

  /**
   * Whether another leg than the one that was answered with `status` may have been processed, whatever that answer says: the login has sent the body twice. A login may
   * give an answer of its own making, so that only its status is compared.
   */
  sentBesides(status: number): boolean {
    const answered = this.#legs.findLast((leg) => leg.status === status);
    return this.#legs.some((leg) => leg !== answered && isInDoubt(leg));
  }

  /** The login has given its answer, or failed: no further leg may begin. */
  get over(): boolean {
    return this.#over;
  }

  /** The login has sent something. */
  get begun(): boolean {
    return this.#legs.length > 0;
  }

  /** The login waits for nothing but the server. */
  get waits(): boolean {
    return this.#legs.some(({ end }) => end === 'under-way');
  }

  /** The login is over, or its time is: nothing that has not left yet may leave any more. */
  finish(): void {
    this.#over = true;
    for (const leg of this.#legs) if (leg.end === 'under-way' && leg.giveUp()) leg.end = 'unwritten';
  }

  /** The last leg was given up before a connection stood. */
  get unconnected(): boolean {
    return this.#legs.at(-1)?.end === 'unwritten';
  }

  /** Whether this very error, or the one it was made of, is what a leg failed with before it was written. */
  isConnectionError(error: unknown): boolean {
    return this.#legs.some((leg) => leg.error !== undefined && leg.error === error && (leg.end === 'unwritten' || !leg.hasBody));
  }
}

function isInDoubt({ hasBody, end }: LegRecord): boolean {
  return hasBody && end !== 'refused' && end !== 'unwritten';
}
