export const alice = 'alice@contoso.test';
export const bob = 'bob@contoso.test';

/** Plain JSON. */
export interface ChildOptions {
  readonly kind: 'file' | 'sqlite';
  readonly path: string;
  readonly url: string;
}

/** Minutes shortened to fractions of a second; the proportions are those of life. */
export const quick = {
  pickupDelay: 0,
  pollInterval: 50,
  lease: 800,
  renewEvery: 100,
  deadline: 300,
  probeFirst: 20,
  probeCap: 60,
  probeGrace: 250,
  retryFirst: 10,
  retryCap: 50,
} as const;
