import type { SpooledMessage } from '../../spool/contract.ts';
import { objectOf, RowError } from '../../spool/rows/cells.ts';
import type { Mailbox } from '../../transport/contract.ts';

/** A message as JSON, without its recipients: those are in the entry's own row, which outlives it. */
export function bodyOf({ to: _to, ...rest }: SpooledMessage): string {
  return JSON.stringify(rest);
}

/** @throws {RowError} */
export function messageOf(body: string, to: readonly Mailbox[]): SpooledMessage {
  const { from, text, html, sentAt } = objectOf<Partial<SpooledMessage>>(body, 'the message');
  const whole = typeof text === 'string' && typeof from?.sip === 'string' && typeof from.mailbox?.address === 'string';
  if (!whole || typeof sentAt !== 'number') throw new RowError('the message');
  return html === undefined ? { from, to, text, sentAt } : { from, to, text, html, sentAt };
}
