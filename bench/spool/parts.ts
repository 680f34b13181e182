/** What `npm run bench:spool` measures, in this order. */
export const parts = [
  'sqlite',
  'file',
  'postgres',
  'fleet',
  'redis',
  'end-to-end',
  'sqlite-fleet',
  'million',
  'opening',
  'ended',
  'idle',
  'outage',
  'latency',
  'latency-postgres',
  'growth-postgres',
] as const;

export type Part = (typeof parts)[number];
