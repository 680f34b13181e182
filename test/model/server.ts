import type { Note, Transport } from '../../src/transport/contract.ts';
import type { Watched } from './table-watcher.ts';

/** A process as the server sees it: once dead it sends nothing more, while requests in transit arrive. */
export interface Caller {
  isAlive(): boolean;
  isStopping(): boolean;
  /** The process dies at this point. */
  die(): void;
}

/** Called before a note is sent to the server, with all that were sent before. */
export type OnWrite = (note: Note, earlier: readonly Note[]) => void;

/** A draft in a mailbox: its attempt, and what that was to send. */
export interface LeftDraft {
  readonly tag: string;
  readonly entryIds: readonly string[];
}

/** Where the notes of a run go, and the truth about them, whatever a transport or a spool believes. */
export interface Server {
  onWrite: OnWrite;
  readonly violations: string[];
  /** How often each tag was reported absent. */
  readonly absences: ReadonlyMap<string, number>;
  /** The transport of one process. */
  transportFor(caller: Caller): Transport;
  /** How often the message of an entry was accepted for sending. */
  timesSent(watched: Watched): number;
  /** Whether an attempt with that tag has reached it. */
  isTagUsed(tag: string): boolean;
  /** Those that were sent, in the order of acceptance; one that was sent twice is listed twice. */
  inOrder(entries: Iterable<Watched>): readonly string[];
  draftsLeft(): readonly LeftDraft[];
  /** Checks for what must never exist, such as a message in the mailbox of another user. */
  inspect(entries: Iterable<Watched>): void;
  /** Whether a copy may be all that exists of an attempt of that entry: the server kept it, and did not send. */
  mayHaveKeptOnly(entryId: string): boolean;
  /** What reached it, for the reader of a failing run. */
  history(): string[];
  /** Cancels all planned faults. */
  calm(): void;
  /** Continues with another address. */
  move(): void;
}
