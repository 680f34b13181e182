import { deliver } from '../delivery.ts';
import type { Exchange } from '../exchange.ts';
import type { ItemPlan } from '../faults/fault.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import type { MessageContent } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';

/** A message on its way out. */
export interface Submission {
  /** Whose recipients see it as coming from, and who gets a non-delivery report. */
  readonly sender: SimulatedMailbox;
  readonly content: MessageContent;
  /** Where the copy goes; undefined keeps none. */
  readonly copy: { readonly mailbox: SimulatedMailbox; readonly folder: SimulatedFolder } | undefined;
}

/** Sends a message and keeps its copy: in the server's order, or as the fault of this request says. */
export function submit(exchange: Exchange, submission: Submission, plan: ItemPlan): void {
  const { sender, copy } = submission;
  const content = { ...submission.content, sentAt: exchange.registry.now() };
  const send = (): void => deliver(exchange, sender, content);
  const keep = (): void => {
    copy?.mailbox.store(copy.folder, content, 'sent-copy');
  };
  switch (plan.do) {
    case 'everything':
      if (exchange.profile.order === 'copy-first') {
        keep();
        exchange.timers.after(exchange.profile.sendDelay, send);
      } else {
        send();
        exchange.timers.after(exchange.lateCopies, keep);
      }
      return;
    case 'copy-late':
      send();
      exchange.timers.after(plan.delay, keep);
      return;
    case 'copy-only':
      if (plan.unsent) copy?.mailbox.store(copy.folder, submission.content, 'draft');
      else keep();
      return;
    case 'draft-only':
      sender.store(sender.folder('drafts'), submission.content, 'draft');
      return;
    case 'hold-in-outbox': {
      const held = sender.store(sender.folder('outbox'), submission.content, 'pending');
      exchange.timers.after(plan.delay, () => {
        // What somebody has deleted or moved meanwhile does not leave any more.
        if (exchange.registry.items.get(held.id) !== held) return;
        sender.remove(held);
        send();
        keep();
      });
      return;
    }
    case 'nothing':
    case 'silence':
      return;
  }
}
