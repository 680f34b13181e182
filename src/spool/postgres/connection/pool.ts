/** The parts of a `pg` Pool that this library uses, described here so that neither pg nor its types are a dependency. */

/** A query of `pg`; with a `name` the server caches its plan per connection. */
export interface PgQuery {
  text: string;
  name?: string;
  values?: unknown[];
}

/** A connection, checked out of the pool or the host's own. */
export interface PgClient {
  query(query: PgQuery): Promise<{ rows: unknown[] }>;
  /** The server process named at login. */
  readonly processID?: number | null | undefined;
  /** The last status from the server: `I` outside of any transaction. Older versions of pg don't have it. */
  getTransactionStatus?(): unknown;
}

/** A connection checked out of the pool. */
export interface PgPoolClient extends PgClient {
  /** With an error, the connection is closed instead of being used again. */
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
}

/** A `pg` Pool, or a compatible one. */
export interface PgPool {
  connect(): Promise<PgPoolClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'connect', listener: (client: PgPoolClient) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'connect', listener: (client: PgPoolClient) => void): unknown;
  readonly options?: { readonly max?: number | undefined };
}
