import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { eachOf } from '../../core/queues.ts';
import type { DeliverOptions, DeliveryOutcome, Note } from '../../transport/contract.ts';
import { notAttempted, toOutcome } from '../../transport/verdict.ts';
import type { GraphClient } from '../client/client.ts';
import { judge } from '../outcome/outcome.ts';
import type { MailboxAccess } from '../probe/messages.ts';
import type { GraphSettings } from '../settings.ts';
import { clearDraft, withDraft } from './drafts.ts';
import type { KeptCopies } from './keep-copy.ts';
import { type MessageClasses, nextAfter } from './message-classes.ts';
import { sendMailBody } from './send-mail.ts';

/** What a delivery works with. */
export interface Delivery {
  readonly client: GraphClient;
  readonly settings: GraphSettings;
  readonly classes: MessageClasses;
  readonly copies: KeptCopies;
}

/** Conversations that are worked on at a time; each mailbox has as many requests under way at most. */
const atOnce = 4;

/**
 * Sends notes, one request each: those of a conversation in order, several conversations at a time. After an outcome that
 * speaks of the mailbox or the endpoint, no further request goes out; after one that leaves a note open, none of its
 * conversation.
 */
export async function deliver(
  delivery: Delivery,
  notes: readonly Note[],
  options: DeliverOptions,
): Promise<readonly DeliveryOutcome[]> {
  const results: (DeliveryOutcome | undefined)[] = notes.map(() => undefined);
  let halted: DeliveryOutcome | undefined;
  await eachOf(
    conversationsOf(notes),
    async (positions) => {
      for (const position of positions) {
        const note = notes[position];
        if (note === undefined || halted !== undefined) return;
        const outcome = await sendNote(delivery, note, options);
        results[position] = outcome;
        if (stopsAll(outcome)) halted ??= outcome;
        if (outcome.status !== 'delivered' && outcome.status !== 'rejected') return;
      }
    },
    atOnce,
  );
  // Errors take time to make: none for notes that went well.
  return results.map((outcome) => outcome ?? notTried(halted));
}

function conversationsOf(notes: readonly Note[]): Iterable<readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [position, { conversationId, audience, place }] of notes.entries()) {
    const key = JSON.stringify([place.mailbox.toLowerCase(), conversationId, audience]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [position]);
    else group.push(position);
  }
  return groups.values();
}

function stopsAll(outcome: DeliveryOutcome): boolean {
  if (outcome.status === 'delivered') return false;
  return outcome.scope !== 'note' || (outcome.status === 'deferred' && outcome.error.code === 'NOT_ATTEMPTED');
}

/** Nothing was written: the surplus of a minute waits for the next one, everything else for a moment. */
function notTried(halted: DeliveryOutcome | undefined): DeliveryOutcome {
  const paced = halted?.status === 'deferred' && halted.error.code === 'NOT_ATTEMPTED' ? halted : undefined;
  if (paced !== undefined) return paced;
  return toOutcome({ kind: 'deferred', scope: 'note' }, notAttempted('an earlier request of the same delivery failed'), 0);
}

/** One sendMail, and another one under the next class where the server refuses the class. */
async function sendNote(delivery: Delivery, note: Note, options: DeliverOptions): Promise<DeliveryOutcome> {
  const { client, settings, classes } = delivery;
  const { place } = note;
  if (place.endpoint !== settings.root) return wrongEndpoint(place.endpoint);
  const userPath = client.userPath(place.mailbox);
  if (typeof userPath !== 'string') return toOutcome({ kind: 'deferred', scope: 'mailbox' }, userPath);
  const call = { signal: options.signal, notes: [note.id], mayWrite: () => options.mayWrite() };
  const access: MailboxAccess = { client, settings, mailbox: place.mailbox, userPath, call };
  let messageClass = classes.of(settings.messageClasses[note.audience]);
  for (;;) {
    const { outcome, code, rule } = await sendOnce(delivery, access, note, messageClass);
    if (outcome.status === 'delivered') delivery.copies.keep(access, note);
    // Only Exchange's own codes come after the message was stored.
    if (outcome.status !== 'rejected' || code?.startsWith('Error') !== true) return outcome;
    // Not asking mayWrite(): nothing of this sends, and nobody else would look, since a refused note is settled.
    const draft = await clearDraft({ ...access, call: { signal: call.signal, notes: call.notes } }, note);
    const next = rule?.classRefused === undefined ? undefined : nextAfter(messageClass);
    if (next === undefined || draft !== 'none') return withDraft(outcome, draft);
    if (rule?.classRefused === 'always') classes.refuse(messageClass);
    messageClass = next;
  }
}

async function sendOnce(
  { client }: Delivery,
  access: MailboxAccess,
  note: Note,
  messageClass: string,
): Promise<ReturnType<typeof judge>> {
  const { mailbox, userPath, call } = access;
  const share = client.pace.take(mailbox);
  if ('wait' in share) return { outcome: tooMany(share.wait) };
  const reply = await client.call({
    ...call,
    mailbox,
    operation: 'sendMail',
    method: 'POST',
    path: `${userPath}/sendMail`,
    body: sendMailBody(note, messageClass),
  });
  if (reply.kind === 'no-token' || (reply.kind === 'failed' && reply.sent === 'no')) share.undo();
  return judge(reply, messageClass, client.tokenScope);
}

/** The lane is told when; the note has done nothing wrong. */
function tooMany(wait: number): DeliveryOutcome {
  const error = notAttempted('its mailbox has sent as many messages within a minute as it may (messagesPerMinute)');
  return toOutcome({ kind: 'deferred', scope: 'note' }, error, Math.ceil(wait));
}

function wrongEndpoint(endpoint: string): DeliveryOutcome {
  const error = new OfflineImError('PLACE_GONE', 'The note was prepared for an endpoint that is no longer configured.', {
    details: { endpoint },
  });
  return toOutcome({ kind: 'deferred', scope: 'note' }, error);
}
