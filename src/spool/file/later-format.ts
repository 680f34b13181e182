import { join } from 'node:path';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { property } from '../../core/errors/thrown.ts';
import { isLater, LaterFormat } from '../journaled/json-shape.ts';
import { formatVersion } from './formats.ts';
import type { Parts } from './parts.ts';

/** Far more bytes than any of these documents has. */
const largest = 16 * 1024 * 1024;

/** Checks the documents of a spool that are no entries: those of operators, and the mark of a copy. @throws {LaterFormat} */
export async function assertDocumentsKnown({ files, layout }: Pick<Parts, 'files' | 'layout'>): Promise<void> {
  for (const path of [layout.admin, join(layout.own, 'copy.json')]) {
    if ((await files.stat(path))?.kind !== 'file') continue;
    const data = await files.read(path, largest);
    const version = data === undefined ? undefined : versionOf(new TextDecoder().decode(data));
    if (isLater(version, formatVersion)) throw new LaterFormat(path, version);
  }
}

function versionOf(content: string): unknown {
  try {
    const document: unknown = JSON.parse(content);
    return property(document, 'version') ?? property(document, 'format');
  } catch {
    // Its own reader says what is wrong with it.
    return undefined;
  }
}

/** The error for a file of a later format. */
export function laterFormatError(root: string, { where, format }: LaterFormat): OfflineImError {
  const message = `The spool ${quoted(root)} has a file of format ${format}, ${quoted(where)}; this library knows up to ${formatVersion}. A later version wrote it; use that version. Nothing was changed.`;
  return new OfflineImError('SPOOL_VERSION', message, { details: { root, path: where, version: format, known: formatVersion } });
}
