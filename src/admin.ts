export type { Explanation } from './admin/explain.ts';
export type { HandleChange, HandleFilter, HandleQuery } from './admin/filters.ts';
export type { OpenSpoolOptions } from './admin/open-spool.ts';
export { openSpool } from './admin/open-spool.ts';
export type { HandleAudit, HandleLane, HandleLanes, HandleObstacle, HandleReport, HandleStats } from './admin/reports.ts';
export type { SpoolHandle } from './admin/spool-handle.ts';
