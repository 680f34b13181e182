import type { Note, Transport } from '../../src/transport/contract.ts';
import type { Watched } from './table-watcher.ts';

/** A process as the server sees it: once dead it writes nothing more, while what is on the wire goes its way. */
export interface Caller {
  isAlive(): boolean;
  isStopping(): boolean;
  /** The process dies here and now. */
  die(): void;
}

/** Called before a note is written to the server, with all that were written before. */
export type OnWrite = (note: Note, earlier: readonly Note[]) => void;

/** A draft that lies in a mailbox: the attempt that it belongs to, and what that was to send. */
export interface LeftDraft {
  readonly tag: string;
  readonly entryIds: readonly string[];
}

/** Where the notes of a run go, and the truth about them, whatever a transport or a spool believes. */
export interface Server {
  onWrite: OnWrite;
  readonly violations: string[];
  /** How often each tag was answered to be absent. */
  readonly absences: ReadonlyMap<string, number>;
  /** The way there for one process. */
  transportFor(caller: Caller): Transport;
  /** How often the message of an entry was accepted for sending. */
  timesSent(watched: Watched): number;
  /** Whether an attempt with that tag has reached it. */
  isTagUsed(tag: string): boolean;
  /** Those that were sent, in the order in which they were accepted; one that was sent twice is there twice. */
  inOrder(entries: Iterable<Watched>): readonly string[];
  draftsLeft(): readonly LeftDraft[];
  /** Looks for what must never be there, such as a message in somebody else's mailbox. */
  inspect(entries: Iterable<Watched>): void;
  /** Whether a copy may be all that there ever was of an attempt of that entry: the server kept it, and did not send. */
  mayHaveKeptOnly(entryId: string): boolean;
  /** What reached it, for whoever reads a failing run. */
  history(): string[];
  /** Nothing that was planned happens any more. */
  calm(): void;
  /** Serves under another address from now on. */
  move(): void;
}
