import type { Circuit } from './circuit.ts';

/**
 * How many requests of a mailbox may be under way: halved by a server's "too many", raised again, slowly, by what goes well. Pure.
 */
export interface ConcurrencyLimit {
  /** Requests at a time, 1 and up. */
  readonly size: number;
  /** Notes delivered since it changed last. */
  readonly successes: number;
}

/** A sender's mailbox. */
export interface Lane {
  readonly name: string;
  /** Another one once the mailbox has moved. */
  endpoint: Endpoint;
  readonly circuit: Circuit;
  inFlight: number;
  limit: ConcurrencyLimit;
}

/** A server, by the name that its transport gives it. */
export interface Endpoint {
  readonly name: string;
  readonly circuit: Circuit;
  readonly lanes: Map<string, Lane>;
  /** Its copies after an error prove nothing: one note a request, so that an error speaks of that note only. */
  oneByOne: boolean;
}
