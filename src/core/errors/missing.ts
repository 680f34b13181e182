import { OfflineImError } from './offline-im-error.ts';

/**
 * Fails loudly if something that exists by construction is missing: `entries[0] ?? missing('The first entry')`. Going on with an empty id would mix up messages.
 * @throws {OfflineImError} `INTERNAL_ERROR`
 */
export function missing(what: string): never {
  throw new OfflineImError('INTERNAL_ERROR', `${what} is missing, which is a bug in offline-im. Please report it.`);
}
