export type { FileFacts, FileLayer, FileSpoolOptions, FolderItem, WritableFile } from './spooler/file/index.ts';
export { FileSpool, nodeFiles } from './spooler/file/index.ts';
export type { TraceFile, TraceFileOptions, TraceLevel } from './trace-file/index.ts';
export { traceFile } from './trace-file/index.ts';
