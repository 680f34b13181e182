/** Where a push subscription wants its notifications. */
export interface PushTarget {
  readonly url: string;
  /** ms after which it is told that nothing happened. */
  readonly statusFrequency: number;
}

/** A client that wants to be told what happens in a mailbox. */
export interface Subscription {
  readonly id: string;
  readonly kind: 'pull' | 'push' | 'streaming';
  readonly mailbox: string;
  /** Undefined for all folders. */
  readonly folderIds: ReadonlySet<string> | undefined;
  /** `NewMailEvent`, `CreatedEvent`, … */
  readonly types: ReadonlySet<string>;
  /** Of a push subscription. */
  readonly push?: PushTarget;
  /** Number of the last change it was told of, for streaming and push ones. */
  told: number;
}
