export type { ErrorCode } from './codes.ts';
export { errorCodes } from './codes.ts';
export type { OfflineImErrorOptions } from './offline-im-error.ts';
export { hasCode, OfflineImError } from './offline-im-error.ts';
