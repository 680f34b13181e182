import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliverOptions } from '../../transport/contract.ts';
import type { Batch } from './batches.ts';

/**
 * Something about a request that a server may refuse before it processes any of its notes, and that can be had in another
 * form: the folder of the copy, the message class. The schema version is negotiated below, by the client itself.
 */
export interface Negotiation {
  /**
   * Called with notes that were refused for the same reason, none of which was processed. Returns those that can go out in
   * another form; `undefined` when `error` speaks of something else, or no other form is left.
   */
  refused(batch: Batch, error: OfflineImError, options: DeliverOptions): Batch | undefined | Promise<Batch | undefined>;
}
