export type { TraceFile } from './observability/trace-file.ts';
export { traceFile } from './observability/trace-file.ts';
export type { TraceFileOptions, TraceLevel } from './observability/trace-file-options.ts';
export type { BackupOptions } from './spool/disk/backup.ts';
export type { FileFacts, FileLayer, FolderItem, FolderLock, WritableFile } from './spool/file/disk/file-layer.ts';
export { nodeFiles } from './spool/file/disk/node-files.ts';
export type { FileSpoolOptions } from './spool/file/file-spool.ts';
export { FileSpool } from './spool/file/file-spool.ts';
