/** The `code` of a file system's error. */
export function errnoOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Errors that say for sure that the call changed nothing. */
const refusals: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EBUSY',
  'EDQUOT',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'EMFILE',
  'ENAMETOOLONG',
  'ENFILE',
  'ENOENT',
  'ENOSPC',
  'ENOTDIR',
  'ENOTEMPTY',
  'EPERM',
  'EROFS',
  'EXDEV',
]);

export function isRefusal(error: unknown): boolean {
  return refusals.has(errnoOf(error));
}

/** Errors that speak of the one file that was read; any other may be over in a moment, or meet every file. */
const ofTheFile: ReadonlySet<string | undefined> = new Set([
  'EACCES',
  'EIO',
  'EISDIR',
  'ELOOP',
  'EMLINK',
  'ENOENT',
  'ENXIO',
  'EPERM',
]);

export function isAboutTheFile(error: unknown): boolean {
  return ofTheFile.has(errnoOf(error));
}
