/** What numbers and dates changes: the registry of the simulator. */
interface Numbering {
  nextSeq(): number;
  now(): Date;
}

/** What happened to an item or a folder of a mailbox. */
export interface Change {
  /** Grows by one with each change of the simulator. */
  readonly seq: number;
  readonly at: Date;
  readonly object: 'item' | 'folder';
  readonly what: 'created' | 'copied' | 'deleted' | 'moved' | 'modified' | 'new-mail';
  readonly id: string;
  /** The folder it lies in now, or lay in when it was deleted. */
  readonly folderId: string;
  /** Where it was moved or copied from. */
  readonly old?: { readonly id: string; readonly folderId: string };
  /** Only whether it has been read changed. */
  readonly readOnly?: boolean;
}

/** Changes kept of each mailbox: whoever synchronises from further back must start anew, as with Exchange. */
const kept = 20_000;

/** The changes of one mailbox in order, from which SyncFolderItems and notifications are answered. */
export class ChangeLog {
  readonly #registry: Numbering;
  readonly #changes: Change[] = [];
  readonly #listeners = new Set<(change: Change) => void>();
  #forgotten = 0;
  /** What a restore has undone: numbers above the first, up to the second. */
  #undone: readonly (readonly [after: number, until: number])[] = [];

  constructor(registry: Numbering) {
    this.#registry = registry;
  }

  /** What has happened, as the next change of the simulator. */
  note(
    object: Change['object'],
    what: Change['what'],
    id: string,
    folderId: string,
    more?: Pick<Change, 'old' | 'readOnly'>,
  ): void {
    const happened = { seq: this.#registry.nextSeq(), at: this.#registry.now(), object, what, id, folderId };
    const change: Change = more === undefined ? happened : { ...happened, ...more };
    this.#changes.push(change);
    if (this.#changes.length > 2 * kept) {
      const dropped = this.#changes.splice(0, kept);
      this.#forgotten = dropped.at(-1)?.seq ?? this.#forgotten;
    }
    if (this.#listeners.size > 0) for (const listener of [...this.#listeners]) listener(change);
  }

  /** Changes after that number; undefined when some of them are forgotten. */
  since(seq: number): readonly Change[] | undefined {
    if (seq < this.#forgotten || this.#undone.some(([after, until]) => seq > after && seq <= until)) return undefined;
    let from = this.#changes.length;
    while (from > 0 && (this.#changes[from - 1]?.seq ?? 0) > seq) from -= 1;
    return this.#changes.slice(from);
  }

  /** Calls with each change from now on; what it returns ends that. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Remembers it as it is after change `at`. The function returned brings that back; what happened up to `now` counts as unknown then. */
  snapshot(at: number): (now: number) => void {
    const [changes, forgotten, undone] = [[...this.#changes], this.#forgotten, this.#undone];
    return (now) => {
      this.clear(forgotten);
      for (const change of changes) this.#changes.push(change);
      this.#undone = [...undone, [at, now]];
    };
  }

  /** Forgets everything up to that number, and whoever listened. */
  clear(seq: number): void {
    this.#changes.length = 0;
    this.#forgotten = seq;
    this.#undone = [];
    this.#listeners.clear();
  }
}

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
  /** Of a pull subscription: ms without a call after which it is gone, and when that is. */
  readonly timeout?: number;
  until?: number;
  /** Number of the last change it was told of, for streaming and push ones. */
  told: number;
}
