import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { SpoolStorage } from '../../spool/contract.ts';
import type { Refreezable } from '../../spool/sealed/claim.ts';
import type { SealOptions } from '../../spool/sealed/keys.ts';
import { SealedSpool } from '../../spool/sealed/sealed-spool.ts';

/**
 * Encrypts what a spool keeps: text, html, addresses, names, subjects and the texts of reasons, with AES-256-GCM by WebCrypto. What the spool must compare or name
 * (message id, content, mailbox, conversation, recipients) is replaced by a hash with the `routingKey`. Wrap any spool that has `refreeze`: all of this library's do.
 *
 * An entry whose key is missing or wrong stays where it is and waits, with what follows it in its conversation; everything else goes on. `warning` says so every
 * five minutes (`SPOOL_KEY_MISSING`, `SPOOL_SEAL_BROKEN`), and so does the entry's `reason` in `status()` and `list()`. Started with the right key, it is delivered.
 *
 * What was spooled before the spool was wrapped is not opened: let it drain first. docs/encryption.md has the whole page.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const spool = sealed(new FileSpool({ root }), {
 *   keys: [{ id: '2026', key: newKey }, { id: '2025', key: oldKey }], // 32 random bytes each
 *   routingKey, // 32 random bytes, never changed
 * });
 * ```
 */
export function sealed(spool: SpoolStorage, options: SealOptions): SpoolStorage {
  if (typeof globalThis.crypto?.subtle?.encrypt !== 'function') {
    throw invalid('crypto', 'WebCrypto is not there; a browser has it on secure origins (https) only.');
  }
  if (typeof spool?.append !== 'function')
    throw invalid('spool', 'spool is missing or of the wrong kind; expected a spool to wrap.');
  if (!isRefreezable(spool)) throw invalid('spool', `The spool ${spool.name} has no refreeze(), which encryption needs.`);
  if (typeof options !== 'object' || options === null)
    throw invalid('options', 'options is missing; expected { keys, routingKey }.');
  return new SealedSpool(spool, options);
}

function isRefreezable(spool: SpoolStorage): spool is Refreezable {
  return typeof spool.refreeze === 'function';
}

function invalid(option: string, message: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', message, { details: { option } });
}
