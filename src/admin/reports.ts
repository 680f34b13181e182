import type { PausedLane } from '../observability/stats.ts';
import type { AuditRecord, LaneReport, LaneSummary, ReportedObstacle, StoredReport } from '../spool/admin/contract.ts';
import type { SpoolState } from '../spool/contract.ts';

/** What {@link SpoolHandle.stats} resolves with. */
export interface HandleStats {
  readonly states: Readonly<Record<SpoolState, number>>;
  readonly paused: readonly PausedLane[];
}

/** A mailbox with entries that have not ended. */
export interface HandleLane extends Omit<LaneSummary, 'oldest'> {
  /** When the oldest of them was accepted. */
  readonly oldest: Date;
}

/** A mailbox or a server that a process can't use now. */
export interface HandleObstacle extends Omit<ReportedObstacle, 'since' | 'nextTrialAt'> {
  readonly since: Date;
  readonly nextTrialAt: Date;
}

/** The latest report of a process that delivers. */
export interface HandleReport {
  /** Id of the run of the process. */
  readonly owner: string;
  /** When, by the spool's clock. */
  readonly at: Date;
  readonly obstacles: readonly HandleObstacle[];
}

/** What {@link SpoolHandle.lanes} resolves with. */
export interface HandleLanes {
  readonly lanes: readonly HandleLane[];
  /** One for every process that has reported within its last three polls. */
  readonly reports: readonly HandleReport[];
}

/** One command of an operator. Contains no message text, and no address of purged messages. */
export interface HandleAudit extends Omit<AuditRecord, 'at'> {
  /** When, by the spool's clock. */
  readonly at: Date;
}

/** Storages keep numbers; what people and their programs read are dates, as in entries and events. */
export function shownLanes({ lanes, reports }: LaneReport): HandleLanes {
  return {
    lanes: lanes.map(({ oldest, ...lane }) => ({ ...lane, oldest: new Date(oldest) })),
    reports: reports.map(shownReport),
  };
}

export function shownReport({ owner, at, obstacles }: StoredReport): HandleReport {
  return { owner, at: new Date(at), obstacles: obstacles.map(shownObstacle) };
}

function shownObstacle({ since, nextTrialAt, ...obstacle }: ReportedObstacle): HandleObstacle {
  return { ...obstacle, since: new Date(since), nextTrialAt: new Date(nextTrialAt) };
}
