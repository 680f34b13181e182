export type { TraceFileOptions, TraceLevel } from './options.ts';
export type { TraceFile } from './trace-file.ts';
export { traceFile } from './trace-file.ts';
