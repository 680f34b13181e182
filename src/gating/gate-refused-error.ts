import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { GateReason } from './gate.ts';

/**
 * What `send()` rejects with when the gate refuses a message. Nothing was spooled.
 *
 * @example
 * ```ts
 * if (error instanceof GateRefusedError) for (const reason of error.reasons) console.warn(reason.code, reason.found, reason.needed);
 * ```
 */
export class GateRefusedError extends OfflineImError {
  override readonly name = 'GateRefusedError';
  /** Every reason that applies, at least one. */
  readonly reasons: readonly GateReason[];

  constructor(reasons: readonly GateReason[]) {
    const sentences = reasons.map(({ code, found, needed }) => `${code}: ${found} ${needed}`);
    super('GATE_REFUSED', `The gate refused the message. ${sentences.join(' ')}`, {
      details: { reasons: reasons.map((reason) => reason.code) },
    });
    this.reasons = reasons;
  }
}
