import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import type { QuotaOptions } from '../store/mailbox-options.ts';
import { EwsItemError } from '../xml/ews-errors.ts';

/** The quotas of the mailboxes of an exchange. */
export class Quotas {
  readonly #quotas = new WeakMap<SimulatedMailbox, QuotaOptions>();

  /** @throws OPTION_INVALID */
  set(mailbox: SimulatedMailbox, quota: QuotaOptions | undefined): void {
    if (quota === undefined) return;
    for (const [name, limit] of Object.entries(quota)) {
      if (typeof limit === 'number' && limit >= 0) continue;
      throw new OfflineImError(
        'OPTION_INVALID',
        `quota.${name} of ${mailbox.address} must be a number of bytes, not ${String(limit)}.`,
      );
    }
    this.#quotas.set(mailbox, quota);
  }

  /** Throws unless it may send. */
  requireSending(mailbox: SimulatedMailbox): void {
    const { send, receive } = this.#quotas.get(mailbox) ?? {};
    const limit = Math.min(send ?? Number.POSITIVE_INFINITY, receive ?? Number.POSITIVE_INFINITY);
    if (limit !== Number.POSITIVE_INFINITY && sizeOf(mailbox) >= limit) throw new EwsItemError('ErrorQuotaExceeded');
  }

  /** Whether something more can be stored in it. */
  hasRoom(mailbox: SimulatedMailbox): boolean {
    const receive = this.#quotas.get(mailbox)?.receive;
    return receive === undefined || sizeOf(mailbox) < receive;
  }

  /** Throws unless something more can be stored in it. */
  requireRoom(mailbox: SimulatedMailbox): void {
    if (!this.hasRoom(mailbox)) throw new EwsItemError('ErrorQuotaExceeded');
  }
}

function sizeOf(mailbox: SimulatedMailbox): number {
  return mailbox.folders.reduce((sum, { bytes }) => sum + bytes, 0);
}
