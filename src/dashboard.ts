export type { Dashboard } from './dashboard/dashboard.ts';
export { dashboard } from './dashboard/dashboard.ts';
export type { NodeRequestLike, NodeResponseLike } from './dashboard/node-handler.ts';
export { nodeHandler } from './dashboard/node-handler.ts';
export type { DashboardOptions, DashboardUser } from './dashboard/options.ts';
