export type { ListFilter, OpenSpool, OpenSpoolOptions } from './admin/open-spool.ts';
export { openSpool } from './admin/open-spool.ts';
