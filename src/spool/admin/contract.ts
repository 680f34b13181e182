import type { ErrorCode } from '../../core/errors/codes.ts';
import type { Change, Reason, SpoolEntry, SpoolState } from '../entry.ts';

/** Which entries an operator means: those for which every given part holds. */
export interface EntryFilter {
  readonly state?: SpoolState | undefined;
  /** The sender's mailbox. */
  readonly lane?: string | undefined;
  /** An address among the recipients, in upper or lower case. */
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
  /** Where the next part begins; missing at the end. A part with a cursor may be empty: a storage looks at a bounded number of entries at once. */
  readonly cursor?: string;
  /** How many entries were looked at for this part, where that is more than were found. */
  readonly looked?: number;
}

/** A change of many entries at once. None forces anything. */
export type BulkVerb = 'requeue' | 'cancel' | 'hold' | 'release' | 'purge';

export const bulkVerbs = ['requeue', 'cancel', 'hold', 'release', 'purge'] as const satisfies readonly BulkVerb[];

/** How far a bulk change goes. */
export interface BulkOptions {
  /** How many entries to change at most. */
  readonly limit: number;
  /** Whether to change nothing, and only report what would change. */
  readonly dryRun: boolean;
  /** Ends it between two parts; what has changed by then stays changed. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each part. */
  readonly onProgress?: ((progress: ListProgress) => void) | undefined;
}

/** How far a list or a bulk change has come. */
export interface ListProgress {
  /** How many entries were looked at. */
  readonly looked: number;
  /** How many of them fit. */
  readonly found: number;
  /** How many of those a bulk change has changed. */
  readonly changed: number;
}

/** The result of a bulk change. */
export interface BulkResult {
  /** How many entries fit the filter and the verb: those that were changed or, in a dry run, would be. */
  readonly matched: number;
  readonly changes: readonly Change[];
  /** How many entries fit the filter but are in a state in which the verb leaves them alone, by state. */
  readonly refused: Readonly<Partial<Record<SpoolState, number>>>;
  /** Whether more entries fit than `limit`. */
  readonly more: boolean;
}

/** A pause: what it is for, and who ordered it. */
export interface Pause {
  /** The mailbox; missing: every mailbox. */
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
  /** Mailboxes for which it keeps notes from being delivered. */
  readonly lanes: readonly string[];
  readonly since: number;
  readonly reason: Reason;
  readonly nextTrialAt: number;
}

/** The report of one process, made every `pollInterval` ms. It binds no other process. */
export interface ProcessReport {
  readonly owner: string;
  readonly pollInterval: number;
  readonly obstacles: readonly ReportedObstacle[];
  /** Its own clock as it reports: the times of the obstacles are by that clock, and are converted to the storage's. */
  readonly now?: number;
}

/** A report as the storage keeps it. One that is older than three polls is stale, and no longer shown. */
export interface StoredReport extends ProcessReport {
  /** ms since 1970 UTC by the storage's clock. */
  readonly at: number;
}

/** The entries of one mailbox that have not ended. */
export interface LaneSummary {
  readonly lane: string;
  readonly states: Readonly<Partial<Record<SpoolState, number>>>;
  /** When the oldest of them was accepted. ms since 1970 UTC by the storage's clock. */
  readonly oldest: number;
}

/** The entries that have not ended by mailbox, and the obstacles in their way. */
export interface LaneReport {
  /** Mailboxes with entries that have not ended. */
  readonly lanes: readonly LaneSummary[];
  /** One of each process whose report is not stale. */
  readonly reports: readonly StoredReport[];
}

/** One command of an operator. It holds no message text, and no address of what was purged. */
export interface AuditRecord {
  /** ms since 1970 UTC by the storage's clock. */
  readonly at: number;
  /** The user of the operating system, or of the dashboard. */
  readonly by: string;
  readonly command: string;
  readonly filter?: EntryFilter;
  readonly count?: number;
}

/** Serves operators of a storage. Optional: a storage works without it, and the command line says what it can't do. */
export interface SpoolAdmin {
  /** Stops claims to deliver of a mailbox, or of all, until {@link SpoolAdmin.resume} and across restarts. Called again, it replaces who and why, not since when. */
  pause(pause: { readonly lane?: string | undefined; readonly by: string; readonly why?: string | undefined }): Promise<void>;
  /** Lifts the pause of a mailbox or, without one, the pause of all. Resolves with whether there was one. */
  resume(lane?: string): Promise<boolean>;
  /** Lists all pauses, including that of all mailboxes. */
  paused(): Promise<readonly Pause[]>;
  /** Sums up what waits by mailbox, and what the processes on the storage can't use. */
  lanes(): Promise<LaneReport>;
  /** Lists the reports of {@link SpoolAdmin.lanes} alone, for storages whose sums by mailbox take time. */
  reports?(): Promise<readonly StoredReport[]>;
  /** Reads the storage's clock, where it may differ from this machine's. ms since 1970 UTC. */
  now?(): Promise<number>;
  /** Keeps the report of a process, in place of its last one. */
  report(report: ProcessReport): Promise<void>;
  /** Keeps a record, if one is given, and resolves with those kept, the latest first. The storage keeps some thousand. */
  audit(record?: Omit<AuditRecord, 'at'>): Promise<readonly AuditRecord[]>;
  /**
   * Lists the entries that fit a filter, a page at a time. A page without a cursor is the last one, and a page may be empty.
   *
   * @param cursor Of the page before. @default the first page
   * @param limit How many entries a page has at most. @default 100
   * @throws {OfflineImError} `OPTION_INVALID` for a cursor of another list
   */
  listBy(filter: EntryFilter, cursor?: string, limit?: number): Promise<EntryPage>;
  /** Changes the entries that fit a filter and that the verb may change; forces nothing. */
  change(verb: BulkVerb, filter: EntryFilter, options: BulkOptions): Promise<BulkResult>;
}
