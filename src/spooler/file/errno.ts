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

/** Errors of a process that has too much open: they say nothing about a file. */
export function isShortage(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM';
}
