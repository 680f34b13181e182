import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { ruleOf } from '../outcome/response-codes.ts';
import { type Batch, partOf } from './batches.ts';
import type { Negotiation } from './negotiation.ts';

/**
 * Which message classes an endpoint takes. Some servers refuse to create an item whose class is not below `IPM.Note`
 * (`ErrorObjectTypeChanged`); what they refused once goes out under the fallback class from then on.
 */
export class MessageClasses implements Negotiation {
  readonly #fallback: string | undefined;
  /** Lower case: classes are compared without regard to it. */
  readonly #refused = new Set<string>();

  constructor(fallback: string | undefined) {
    this.#fallback = fallback;
  }

  /** The class to send under. */
  of(messageClass: string): string {
    return this.#fallback !== undefined && this.#refused.has(messageClass.toLowerCase()) ? this.#fallback : messageClass;
  }

  /** The notes that have another class left than the refused one. */
  refused(batch: Batch, error: OfflineImError): Batch | undefined {
    const fallback = this.#fallback?.toLowerCase();
    if (fallback === undefined || ruleOf(String(error.details.responseCode)).negotiates !== 'class') return undefined;
    const isOther = (at: number): boolean => batch.notes[at]?.messageClass.toLowerCase() !== fallback;
    const part = partOf(batch, isOther);
    for (const { messageClass } of part.notes) this.#refused.add(messageClass.toLowerCase());
    return part.notes.length === 0 ? undefined : part;
  }
}
