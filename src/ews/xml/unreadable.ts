import { OfflineImError } from '../../core/errors/offline-im-error.ts';

/** The document itself is never quoted: it may hold message text. */
export function unreadable(why: string): OfflineImError {
  return new OfflineImError('XML_UNREADABLE', `The document is not readable XML: ${why}.`);
}
