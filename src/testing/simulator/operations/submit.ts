import { domainOf } from '../../../core/text.ts';
import type { Mailbox } from '../../../transport/contract.ts';
import type { Exchange } from '../exchange.ts';
import type { ItemPlan } from '../faults/fault.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import type { MessageContent, SimulatedItem } from '../store/item.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { messageFlag } from '../store/message-flags.ts';
import { attendTo } from './meetings/attendant.ts';
import { automaticReply } from './rules/automatic-reply.ts';

/**
 * Hands a message to its recipients: into the Inbox of those who are simulated, to `outbound` for the rest of the world.
 * Class and named properties survive only inside the organisation. A recipient inside whom nobody knows is reported to the
 * sender by a non-delivery report, as Exchange does: the submission itself was fine.
 */
export function deliver(exchange: Exchange, sender: SimulatedMailbox, content: MessageContent, automatic = false): void {
  let stripped: MessageContent | undefined;
  const federated = (): MessageContent => (stripped ??= strip(content));
  const [unknown, full]: [string[], string[]] = [[], []];
  const recipients = expanded(exchange, [...content.to, ...content.cc, ...content.bcc]);
  for (const recipient of recipients) {
    const mailbox = exchange.recipient(recipient);
    if (mailbox !== undefined && !exchange.quotas.hasRoom(mailbox)) {
      full.push(recipient);
    } else if (mailbox !== undefined) {
      const internal = exchange.isInside(sender.address) && exchange.isInside(recipient);
      arrive(exchange, mailbox, internal ? withoutBcc(content) : federated());
      if (!automatic) answerAutomatically(exchange, mailbox, content, internal);
    } else if (exchange.isInside(recipient)) {
      unknown.push(recipient);
    } else {
      exchange.outbound.push({ sender: sender.address, recipient, content: federated(), at: exchange.registry.now() });
    }
  }
  const report = (addresses: readonly string[], why: string): void => {
    if (addresses.length > 0) arrive(exchange, sender, nonDeliveryReport(exchange, sender, content, addresses, why));
  };
  report(unknown, '550 5.1.1 RESOLVER.ADR.RecipNotFound');
  report(full, '554 5.2.2 STOREDRV.Deliver.Exception:QuotaExceededException');
}

/** An automatic reply is answered by no other. */
function answerAutomatically(exchange: Exchange, by: SimulatedMailbox, content: MessageContent, internal: boolean): void {
  const { registry } = exchange;
  const newMessageId = (): string => registry.newMessageId(domainOf(by.address));
  const reply = automaticReply(by, { content, internal, at: registry.now(), newMessageId });
  if (reply !== undefined) deliver(exchange, by, reply, true);
}

/** Each recipient once, the members of distribution lists in their place. */
function expanded(exchange: Exchange, to: readonly Mailbox[]): ReadonlySet<string> {
  const recipients = new Set<string>();
  const lists = new Set<string>();
  const add = (address: string): void => {
    const members = exchange.distributionLists.get(address);
    if (members === undefined) recipients.add(address);
    else if (!lists.has(address)) {
      lists.add(address);
      for (const member of members) add(member);
    }
  };
  for (const { address } of to) add(address.toLowerCase());
  return recipients;
}

/** Into the Inbox, or wherever its rules put it. What a rule passes on is passed on by no other rule. */
function arrive(exchange: Exchange, mailbox: SimulatedMailbox, sent: MessageContent, passedOn = false): void {
  const content = attendTo(sent, mailbox, exchange.registry.now());
  const plan = exchange.rulesOf(mailbox).plan(content, exchange.registry.now());
  const keep = (folder: SimulatedFolder): SimulatedItem => {
    const item = mailbox.keep(folder, plan.content, 'received');
    return plan.read ? mailbox.update(item, { messageFlags: item.messageFlags | messageFlag.read }) : item;
  };
  for (const folder of plan.copies) keep(folder);
  const item = plan.folder && keep(plan.folder);
  if (item?.folder === 'inbox') exchange.waiters.announce(item);
  if (passedOn) return;
  for (const address of plan.redirect) passOn(exchange, mailbox, content, address);
  const self = { address: mailbox.address, name: mailbox.name };
  const { mime: _ofTheSender, ...rest } = content;
  for (const address of plan.forward) {
    const forwarded = {
      ...rest,
      subject: `FW: ${content.subject}`,
      from: self,
      sender: self,
      to: [{ address }],
      cc: [],
      bcc: [],
    };
    passOn(
      exchange,
      mailbox,
      { ...forwarded, internetMessageId: exchange.registry.newMessageId(domainOf(mailbox.address)) },
      address,
    );
  }
}

/** One message to one address, on behalf of a rule. */
function passOn(exchange: Exchange, by: SimulatedMailbox, content: MessageContent, address: string): void {
  const to = exchange.recipient(address);
  const inside = exchange.isInside(by.address) && exchange.isInside(address);
  if (to !== undefined) arrive(exchange, to, inside ? content : strip(content), true);
  else if (!exchange.isInside(address)) {
    exchange.outbound.push({ sender: by.address, recipient: address, content: strip(content), at: exchange.registry.now() });
  }
}

function withoutBcc(content: MessageContent): MessageContent {
  return content.bcc.length === 0 ? content : { ...content, bcc: [] };
}

/** What crosses the border of an organisation: an ordinary mail. */
function strip(content: MessageContent): MessageContent {
  // Meetings cross it as iCalendar, and are what they were on the other side.
  const itemClass = content.kind?.startsWith('Meeting') === true ? content.itemClass : 'IPM.Note';
  return { ...withoutBcc(content), itemClass, properties: [] };
}

function nonDeliveryReport(
  exchange: Exchange,
  sender: SimulatedMailbox,
  content: MessageContent,
  addresses: readonly string[],
  why: string,
): MessageContent {
  const domain = domainOf(sender.address);
  const from: Mailbox = { address: `postmaster@${domain}`, name: 'Microsoft Outlook' };
  return {
    itemClass: 'REPORT.IPM.Note.NDR',
    subject: `Undeliverable: ${content.subject}`,
    body: {
      type: 'text',
      content: `Delivery has failed to these recipients:\n${addresses.join('\n')}\n${why}`,
    },
    importance: 'Normal',
    sensitivity: 'Normal',
    from,
    sender: from,
    to: [{ address: sender.address, name: sender.name }],
    cc: [],
    bcc: [],
    internetMessageId: exchange.registry.newMessageId(domain),
    properties: [],
    sentAt: exchange.registry.now(),
  };
}

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
    copy?.mailbox.keep(copy.folder, content, 'sent-copy');
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
    case 'stay-in-drafts': // what Graph's sendMail does
    case 'nothing':
    case 'silence':
      return;
  }
}
