/** One request to be made. */
export interface EwsCall {
  readonly operation: string;
  /** What goes into soap:Body. */
  readonly body: string;
  readonly signal: AbortSignal;
  /** Ids of the notes it is about, for the trace. */
  readonly notes: readonly string[];
  /** ms; the transport's own when left out. */
  readonly deadline?: number;
  /** Asked right before anything is written. */
  mayWrite?(): boolean;
}
