/** What a simulator in another process is told to do. */
export type Ask =
  | { readonly do: 'seed'; readonly folder: string; readonly items: number; readonly set: string }
  | { readonly do: 'reset' };

/** What it says when that is done. */
export interface Told {
  readonly url: string;
  /** ms from the call to the listening server. */
  readonly started: number;
  /** Bytes, after a collection. */
  readonly heapUsed: number;
  readonly rss: number;
}
