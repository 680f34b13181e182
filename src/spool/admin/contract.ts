import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Change, Reason, SpoolEntry, SpoolState } from '../entry.ts';

/** Which entries an operator speaks of; what is left out does not matter, and everything given must hold. */
export interface EntryFilter {
  readonly state?: SpoolState | undefined;
  /** The sender's mailbox. */
  readonly lane?: string | undefined;
  /** An address that is among the recipients, in any case. */
  readonly recipient?: string | undefined;
  /** Accepted at this time or later, ms since 1970 UTC by the storage's clock. */
  readonly since?: number | undefined;
  /** Accepted before this time. */
  readonly until?: number | undefined;
  /** The code of its reason. */
  readonly code?: ErrorCode | undefined;
}

/** A part of a list, in the order of acceptance. */
export interface EntryPage {
  readonly entries: readonly SpoolEntry[];
  /** Where the next part begins; missing at the end. A part may be empty and have a cursor: a storage looks at a bounded number of entries at once. */
  readonly cursor?: string;
  /** Entries that were looked at for this part, where that is more than what was found. */
  readonly looked?: number;
}

/** What is done to many entries at once. None of them forces anything. */
export type BulkVerb = 'requeue' | 'cancel' | 'hold' | 'release' | 'purge';

export const bulkVerbs = ['requeue', 'cancel', 'hold', 'release', 'purge'] as const satisfies readonly BulkVerb[];

/** How far a bulk change goes. */
export interface BulkOptions {
  /** Entries that are changed at most. */
  readonly limit: number;
  /** Changes nothing, and tells what would be changed. */
  readonly dryRun: boolean;
  /** Ends it between two parts; what has been changed by then stays changed. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each part. */
  readonly onProgress?: ((progress: ListProgress) => void) | undefined;
}

/** How far a list or a bulk change has come. */
export interface ListProgress {
  /** Entries that were looked at. */
  readonly looked: number;
  /** Those among them that fit. */
  readonly found: number;
  /** Those that a bulk change has changed. */
  readonly changed: number;
}

/** What became of a bulk change. */
export interface BulkResult {
  /** Entries that fit the filter and the verb: changed, or to be changed by what a dry run tells. */
  readonly matched: number;
  readonly changes: readonly Change[];
  /** Entries that fit the filter, and that the verb leaves alone in their state. */
  readonly refused: Readonly<Partial<Record<SpoolState, number>>>;
  /** True when more entries fit than `limit`. */
  readonly more: boolean;
}

/** Why nothing is delivered, and who said so. */
export interface Pause {
  /** Missing: of every mailbox. */
  readonly lane?: string;
  readonly by: string;
  readonly why?: string;
  /** ms since 1970 UTC by the storage's clock. */
  readonly since: number;
}

/** A mailbox or a server that a process can't use now. */
export interface ReportedObstacle {
  readonly kind: 'mailbox-blocked' | 'endpoint-unavailable';
  /** The mailbox, or the endpoint. */
  readonly name: string;
  /** Mailboxes that it keeps from delivering. */
  readonly lanes: readonly string[];
  readonly since: number;
  readonly reason: Reason;
  readonly nextTrialAt: number;
}

/** What a process says of itself, each `pollInterval`. Obeyed by nobody else. */
export interface ProcessReport {
  readonly owner: string;
  readonly pollInterval: number;
  readonly obstacles: readonly ReportedObstacle[];
  /** Its own clock as it reports: the times of the obstacles are by that one, and are read by the storage's. */
  readonly now?: number;
}

/** A report as the storage has it. One that is older than three polls is stale, and no longer told. */
export interface StoredReport extends ProcessReport {
  /** ms since 1970 UTC by the storage's clock. */
  readonly at: number;
}

/** What waits for a mailbox. */
export interface LaneSummary {
  readonly lane: string;
  readonly states: Readonly<Partial<Record<SpoolState, number>>>;
  /** When the oldest of those that have not ended was accepted. */
  readonly oldest: number;
}

/** What waits by mailbox, and what is in its way. */
export interface LaneReport {
  /** Mailboxes with entries that have not ended. */
  readonly lanes: readonly LaneSummary[];
  /** Of every process whose report is not stale. */
  readonly reports: readonly StoredReport[];
}

/** One command of an operator. Never a text, and never an address of what was purged. */
export interface AuditRecord {
  /** ms since 1970 UTC by the storage's clock. */
  readonly at: number;
  /** The user of the operating system, or of the dashboard. */
  readonly by: string;
  readonly command: string;
  readonly filter?: EntryFilter;
  readonly count?: number;
}

/** What operators ask of a storage. Optional: a storage without it works, and the command line says what it can't do. */
export interface SpoolAdmin {
  /** No claim to deliver of that mailbox, or of all. Kept until {@link SpoolAdmin.resume}, across restarts. Again: replaces who and why, not since when. */
  pause(pause: { readonly lane?: string | undefined; readonly by: string; readonly why?: string | undefined }): Promise<void>;
  /** Lifts the pause of that mailbox; without one, the pause of all. True when there was one. */
  resume(lane?: string): Promise<boolean>;
  /** All pauses, the one of all mailboxes too. */
  paused(): Promise<readonly Pause[]>;
  /** What waits by mailbox, and what the processes on the storage can't use. */
  lanes(): Promise<LaneReport>;
  /** The reports of {@link SpoolAdmin.lanes} alone, where sums by mailbox take their time. */
  reports?(): Promise<readonly StoredReport[]>;
  /** The storage's clock, where that may be another than this machine's. ms since 1970 UTC. */
  now?(): Promise<number>;
  /** Replaces what this process reported before. */
  report(report: ProcessReport): Promise<void>;
  /** Keeps a record; without one, resolves with those kept, the latest first. The storage keeps some thousand. */
  audit(record?: Omit<AuditRecord, 'at'>): Promise<readonly AuditRecord[]>;
  /**
   * Entries that the filter finds, a page at a time: a page without a cursor is the last one, and one may be empty.
   *
   * @param limit Entries at most. @default 100
   */
  listBy(filter: EntryFilter, cursor?: string, limit?: number): Promise<EntryPage>;
  /** Acts on what the filter finds and the verb may change; nothing is forced. With `dryRun` it only says what it would change. */
  change(verb: BulkVerb, filter: EntryFilter, options: BulkOptions): Promise<BulkResult>;
}
