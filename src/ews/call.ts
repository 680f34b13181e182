import type { EwsServerVersion } from './options.ts';

/** One request to be made. */
export interface EwsCall {
  readonly operation: string;
  /**
   * What goes into soap:Body, for the schema version that the request will ask for; undefined when it can't be said in that
   * version. Asked anew for each version that is tried.
   */
  readonly body: string | ((version: EwsServerVersion) => string | undefined);
  /** Address of the mailbox it is for: decides who is impersonated. */
  readonly mailbox: string;
  readonly signal: AbortSignal;
  /** Ids of the notes it is about, for the trace. */
  readonly notes: readonly string[];
  /** ms; the transport's own when left out. */
  readonly deadline?: number;
  /** Asked right before anything is written. */
  mayWrite?(): boolean;
}
