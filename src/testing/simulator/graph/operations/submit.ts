import { domainOf } from '../../../../core/text.ts';
import type { Exchange } from '../../exchange.ts';
import type { ItemPlan } from '../../faults/fault.ts';
import { deliver } from '../../operations/submit.ts';
import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { flagsOf } from '../../store/message-flags.ts';

/** A message on its way out of Graph's sendMail. */
export interface GraphSubmission {
  /** The mailbox it is sent through: its Drafts, its Sent Items. */
  readonly owner: SimulatedMailbox;
  /** Whose recipients see it as coming from. */
  readonly sender: SimulatedMailbox;
  readonly content: MessageContent;
  /** Whether a copy is kept. */
  readonly keepCopy: boolean;
  /** The item that lies in a folder already, where a draft is sent. */
  readonly draft?: SimulatedItem;
}

/**
 * What Exchange does with a message of sendMail, in its steps: stored in Drafts and accepted, handed over, sent, and only then
 * moved to Sent Items, where it has a new id.
 */
export function submit(exchange: Exchange, submission: GraphSubmission, plan: ItemPlan): void {
  const { owner, sender } = submission;
  const content = plan.do === 'everything' && plan.rewriteId === true ? rewritten(exchange, submission) : submission.content;
  const given = { ...submission, content };
  const { draft } = submission;
  const drafts = owner.folder('drafts');
  const stored = (state: 'draft' | 'pending'): SimulatedItem =>
    draft === undefined ? owner.store(drafts, content, state) : owner.update(draft, { content, messageFlags: flagsOf(state) });
  switch (plan.do) {
    case 'everything': {
      const { submitAfter, sendAfter, moveAfter } = exchange.graph;
      const times = plan.twice === true ? 2 : 1;
      // A draft counts as submitted from the start, so that it leaves once, however often it is asked for.
      const item = stored(draft === undefined ? 'draft' : 'pending');
      onItsWay(exchange, given, item, { submitAfter, sendAfter, moveAfter, times });
      return;
    }
    case 'stay-in-drafts': {
      const item = stored(plan.submitted ? 'pending' : 'draft');
      const { delay } = plan;
      if (delay === undefined) return;
      onItsWay(exchange, given, item, { submitAfter: plan.submitted ? 0 : delay, sendAfter: delay, moveAfter: delay, times: 1 });
      return;
    }
    case 'hold-in-outbox': {
      const outbox = owner.folder('outbox');
      const item = draft === undefined ? owner.store(outbox, content, 'pending') : owner.move(stored('pending'), outbox);
      onItsWay(exchange, given, item, { submitAfter: 0, sendAfter: plan.delay, moveAfter: plan.delay, times: 1 });
      return;
    }
    case 'copy-late': {
      const sent = { ...content, sentAt: exchange.registry.now() };
      if (draft !== undefined) owner.remove(draft);
      deliver(exchange, sender, sent);
      exchange.timers.after(plan.delay, () => keep(exchange, given, sent, draft));
      return;
    }
    case 'copy-only':
      if (plan.unsent) {
        stored('draft');
        return;
      }
      if (draft !== undefined) owner.remove(draft);
      keep(exchange, given, { ...content, sentAt: exchange.registry.now() }, draft);
      return;
    case 'draft-only':
      stored('draft');
      return;
    case 'nothing':
    case 'silence':
      return;
  }
}

interface Times {
  readonly submitAfter: number;
  readonly sendAfter: number;
  readonly moveAfter: number;
  /** How often every recipient gets it. */
  readonly times: number;
}

/** Each step looks for the item anew: what somebody has deleted or moved meanwhile does not leave any more. */
function onItsWay(exchange: Exchange, submission: GraphSubmission, item: SimulatedItem, times: Times): void {
  const { owner, sender, content } = submission;
  const { timers, registry } = exchange;
  timers.after(times.submitAfter, () => {
    const waiting = registry.latest(item);
    if (waiting === undefined) return;
    owner.update(waiting, { messageFlags: flagsOf('pending') });
    timers.after(times.sendAfter - times.submitAfter, () => {
      if (registry.latest(item) === undefined) return;
      const sent = { ...content, sentAt: registry.now() };
      for (let n = 0; n < times.times; n++) deliver(exchange, sender, sent);
      timers.after(times.moveAfter - times.sendAfter, () => {
        const left = registry.latest(item);
        if (left === undefined) return;
        owner.remove(left);
        keep(exchange, submission, sent, submission.draft && left);
      });
    });
  });
}

/** Who knows a draft by its immutable id knows its copy by the same: https://learn.microsoft.com/graph/outlook-immutable-id */
function keep(exchange: Exchange, { owner, keepCopy }: GraphSubmission, content: MessageContent, draft?: SimulatedItem): void {
  if (!keepCopy) return;
  const copy = owner.store(owner.folder('sentitems'), content, 'sent-copy');
  if (draft !== undefined) exchange.registry.moved(draft, copy);
}

function rewritten(exchange: Exchange, { owner, content }: GraphSubmission): MessageContent {
  return { ...content, internetMessageId: exchange.registry.newMessageId(domainOf(owner.address)) };
}
