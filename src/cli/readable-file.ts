import { access, constants, stat } from 'node:fs/promises';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import { UsageError } from './exit-codes.ts';

const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** Checks a file before use. Doesn't open it: a pipe can be read only once. @throws {UsageError} */
export async function checkReadable(path: string): Promise<void> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) throw new UsageError(`${quoted(path)} can't be read: it is a folder.`);
    await access(path, constants.R_OK);
  } catch (error) {
    const code = property(error, 'code');
    if (typeof code !== 'string') throw error;
    throw new UsageError(`${quoted(path)} can't be read: ${sentences[code] ?? code}.`);
  }
}

/** The text of a file without the byte order mark that Windows editors and shells write. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}
