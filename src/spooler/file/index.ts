export type { FileFacts, FileLayer, FolderItem, WritableFile } from './file-layer.ts';
export type { FileSpoolOptions } from './file-spool.ts';
export { FileSpool } from './file-spool.ts';
export { nodeFiles } from './node-files.ts';
