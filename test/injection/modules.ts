/** What every run needs of `src`, loaded once the boundary surrounds the platform. */
export { traceFile } from '../../src/file.ts';
export { OfflineImSender } from '../../src/index.ts';
