export const alice = 'alice@contoso.test';
export const bob = 'bob@contoso.test';

/** Plain JSON. */
export interface ChildOptions {
  readonly kind: 'file' | 'sqlite';
  readonly path: string;
  readonly url: string;
}

/** Minutes shortened to fractions of a second, in the proportions of production. */
export const quick = {
  pickupDelay: 0,
  pollInterval: 50,
  lease: { duration: 800, renewEvery: 100 },
  probe: { initialDelay: 20, maxDelay: 60, grace: 250 },
  retry: { initialDelay: 10, maxDelay: 50 },
} as const;
