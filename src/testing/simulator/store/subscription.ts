/** A client that wants to be told what happens in a mailbox. */
export interface Subscription {
  readonly id: string;
  readonly kind: 'pull' | 'push' | 'streaming';
  readonly mailbox: string;
  /** Undefined for all folders. */
  readonly folderIds: ReadonlySet<string> | undefined;
  /** `NewMailEvent`, `CreatedEvent`, … */
  readonly types: ReadonlySet<string>;
  /** Number of the last change it was told of, for streaming ones. */
  told: number;
}
