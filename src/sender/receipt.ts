import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { property } from '../core/errors/thrown.ts';
import type { AppendResult } from '../spool/contract.ts';
import type { Audience } from '../transport/contract.ts';

/** What `send()` resolves with: the message is on durable storage, as durable as the spool is. Nothing here says that anybody will read it. */
export interface Receipt {
  readonly messageId: string;
  /** True when the same message had been accepted before; the entries are the first ones. */
  readonly duplicate: boolean;
  /** One an audience. */
  readonly entries: readonly {
    readonly id: string;
    readonly audience: Audience;
    readonly messageClass: string;
    /** SMTP addresses. */
    readonly recipients: readonly string[];
    /** When its two minutes are over. */
    readonly pickupAt: Date;
  }[];
}

/**
 * What a storage says of the one message that was appended. One that says nothing readable may have kept it all the same.
 *
 * @throws {OfflineImError} `SPOOL_FAILED`
 */
export function firstResult(results: unknown): AppendResult {
  const result: unknown = Array.isArray(results) ? results[0] : undefined;
  const status = property(result, 'status');
  const listed = status === 'appended' || status === 'duplicate';
  if (status === 'conflict' || status === 'failed' || (listed && Array.isArray(property(result, 'entries')))) {
    return result as AppendResult;
  }
  throw new OfflineImError('SPOOL_FAILED', `append() of the spool returned ${quoted(results)}; expected one result per message.`);
}

/** The receipt of an append, or the error that says why there is none. */
export function receiptOf(messageId: string, result: AppendResult | undefined): Receipt {
  if (result === undefined) return unknownAppend(messageId, undefined);
  switch (result.status) {
    case 'conflict': {
      const text = `A message with the id ${JSON.stringify(messageId)} and other content has been accepted; use another id.`;
      throw new OfflineImError('MESSAGE_ID_CONFLICT', text, { details: { messageId } });
    }
    case 'failed': {
      if (result.kept === 'unknown') return unknownAppend(messageId, result.error);
      // Only our own errors are known to hold no text of anybody's.
      const found = result.error instanceof OfflineImError ? result.error.message : 'The spool could not keep the message.';
      const text = `${found} Nothing of this message was kept: put that right and send it again.`;
      throw new OfflineImError('SPOOL_FAILED', text, { cause: result.error, details: { messageId } });
    }
    case 'duplicate':
    case 'appended': {
      const entries = result.entries.map(({ id, audience, messageClass, to, pickupAt }) => ({
        id,
        audience,
        messageClass,
        recipients: to.map(({ address }) => address),
        pickupAt: new Date(pickupAt),
      }));
      return { messageId, duplicate: result.status === 'duplicate', entries };
    }
  }
}

/** Whether the storage kept it, nobody can say. A storage that was closed before it began has kept nothing. */
export function unknownAppend(messageId: string, cause: unknown): never {
  if (hasCode(cause, 'SPOOL_CLOSED')) throw cause;
  throw unansweredAppend(messageId, cause);
}

/** What an append is to its host that has no answer. */
export function unansweredAppend(messageId: string, cause?: unknown): OfflineImError {
  const text = `The spool can't tell whether it kept the message; send it again with messageId ${JSON.stringify(messageId)}.`;
  return new OfflineImError('APPEND_OUTCOME_UNKNOWN', text, { cause, details: { messageId } });
}
