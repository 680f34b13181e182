/** What this library needs of a `pg` Pool: its own description, so that neither pg nor its types are a dependency. */

/** A query of `pg`; with a `name` the server keeps its plan with the connection. */
export interface PgQuery {
  text: string;
  name?: string;
  values?: unknown[];
}

/** A connection, checked out of the pool or the host's own. */
export interface PgClient {
  query(query: PgQuery): Promise<{ rows: unknown[] }>;
  /** The process of the server that its login was told of. */
  readonly processID?: number | null | undefined;
  /** What the server said last: `I` outside of any transaction. Older versions of pg don't tell. */
  getTransactionStatus?(): unknown;
}

/** A connection that goes back to the pool. */
export interface PgPoolClient extends PgClient {
  /** With an error, the connection is closed instead of being used again. */
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
}

/** A `pg` Pool, or one that works as it does. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgPoolClient) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'connect', listener: (client: PgPoolClient) => void): unknown;
  readonly options?: { readonly max?: number | undefined };
}
