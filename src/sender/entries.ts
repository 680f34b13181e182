import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Change, SpoolStorage } from '../spool/contract.ts';

/** Carries out what the host asks for on every entry of a message, or on one entry. @throws {OfflineImError} `ENTRY_UNKNOWN` */
export async function actOn(
  storage: SpoolStorage,
  id: string,
  action: (ids: readonly string[]) => Promise<readonly Change[]>,
): Promise<readonly Change[]> {
  const ofMessage = await storage.findMessage(id);
  const ids = ofMessage.length > 0 ? ofMessage.map((entry) => entry.id) : (await storage.get(id)) === undefined ? [] : [id];
  if (ids.length === 0) {
    throw new OfflineImError(
      'ENTRY_UNKNOWN',
      `No message or entry has the id ${JSON.stringify(id.slice(0, 100))}; it may have been forgotten.`,
    );
  }
  return action(ids);
}
