import { hash } from 'node:crypto';
import { type EntryFixed, streamKey } from '../../spool/state/records.ts';

/** The key of a stream as the tables have it: short, since it is in three of their indexes, and each of a million rows. */
export function storedStreamKey(fixed: Pick<EntryFixed, 'lane' | 'audience' | 'conversationId'>): string {
  return hash('sha256', streamKey(fixed), 'base64url').slice(0, 22);
}
