/** Counts what the sending process reports, over all its runs. */
import type { SenderLine } from './protocol.ts';

export class Tally {
  readonly accepted = new Set<string>();
  readonly repeated = new Set<string>();
  readonly refused = new Map<string, readonly string[]>();
  /** Notes, by id. */
  readonly retried = new Set<string>();
  readonly foundByProbe = new Set<string>();
  readonly dead = new Set<string>();
  /** Mailboxes that went to the other side. */
  readonly moved = new Set<string>();
  kills = 0;

  add(line: SenderLine): void {
    if (line.kind === 'accepted') (line.duplicate ? this.repeated : this.accepted).add(line.messageId);
    if (line.kind === 'refused') this.refused.set(line.messageId, line.reasons);
    if (line.kind !== 'event') return;
    if (line.name === 'message:deferred') this.retried.add(line.event.noteId);
    if (line.name === 'message:delivered' && line.event.foundByProbe) this.foundByProbe.add(line.event.noteId);
    if (line.name === 'message:dead') this.dead.add(line.event.messageId);
  }
}
