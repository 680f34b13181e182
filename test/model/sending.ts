import { hasCode } from '../../src/core/errors/offline-im-error.ts';
import type { Receipt } from '../../src/sender/accept.ts';
import { type Draft, textMarker, textOf } from './messages.ts';
import type { Attempt } from './process.ts';
import type { Remembered, World } from './world.ts';

/**
 * Sends new messages, in this order. Those of one conversation are sent concurrently; others one at a time, since the order of
 * their acceptance is not promised, and a replay must be identical.
 */
export async function sendNew(world: World, drafts: readonly Draft[], ownIds: boolean): Promise<void> {
  let key = '';
  let sent: Promise<void>[] = [];
  for (const draft of drafts) {
    const next = JSON.stringify([draft.from, draft.conversationId ?? draft.to]);
    if (next !== key) await Promise.all(sent);
    key = next;
    sent = [...sent, send(world, compose(world, draft), ownIds)];
  }
  await Promise.all(sent);
}

function compose(world: World, { to, from, conversationId, expiresIn }: Draft): Remembered {
  const n = world.messages.length;
  const message: Remembered = {
    outgoing: {
      to,
      text: textOf(n),
      messageId: `m${n}`,
      ...(from === undefined ? {} : { from }),
      ...(conversationId === undefined ? {} : { conversationId }),
      ...(expiresIn === undefined ? {} : { expiresAt: new Date(world.clock.now() + expiresIn) }),
    },
    accepted: 'no',
    contested: false,
    order: undefined,
    entryIds: [],
  };
  world.messages.push(message);
  return message;
}

/** Sends an earlier message again, with the same content. */
export function sendAgain(world: World, message: Remembered): Promise<void> {
  return send(world, message, true);
}

/** Sends other content with the id of an earlier message. */
export async function sendConflicting(world: World, message: Remembered): Promise<void> {
  const { process } = world;
  const kept = isKept(world, message);
  const outgoing = { ...message.outgoing, text: `${textMarker}other ${world.sends++}.` };
  message.contestedText = outgoing.text;
  const attempt = await process.attempt(process.sender.send(outgoing));
  if (attempt.status === 'done' && kept) world.violation(`${outgoing.messageId} was accepted with other content`);
  if (attempt.status === 'done') {
    message.order = undefined;
    takeOver(world, message, attempt.value, outgoing);
  }
  // Whether the other content was kept is unknown: rules no longer apply to this message, only to its entries.
  if (unknown(attempt) && !kept) {
    message.accepted = 'unknown';
    message.contested = true;
  }
}

async function send(world: World, message: Remembered, ownId: boolean): Promise<void> {
  const { process } = world;
  const order = world.sends++;
  // Its id may have been forgotten: then it is another message, which may still be refused while the id is remembered.
  if (message.accepted === 'yes' && !isKept(world, message)) {
    message.outgoing = withNewText(world, message);
    message.contested = true;
  }
  const { messageId, ...anonymous } = message.outgoing;
  const kept = isKept(world, message);
  const attempt = await process.attempt(process.sender.send(ownId ? message.outgoing : anonymous));
  if (attempt.status === 'done') {
    const { duplicate } = attempt.value;
    if (!duplicate && kept) world.violation(`${messageId} was accepted a second time`);
    if (duplicate && message.accepted === 'no') world.violation(`${messageId} is called a duplicate, and was never sent`);
    if (!duplicate) message.order = message.accepted === 'unknown' ? undefined : order;
    takeOver(world, message, attempt.value, { ...message.outgoing, messageId: attempt.value.messageId });
    return;
  }
  if (!unknown(attempt)) {
    const late = hasCode(attempt.error, 'MESSAGE_INVALID') && message.outgoing.expiresAt !== undefined;
    const lost = hasCode(attempt.error, 'MESSAGE_ID_CONFLICT') && message.contested;
    if (!late && !lost) world.violation(`send() rejected: ${String(attempt.error)}`);
    return;
  }
  // It may exist under an id that was not reported: whatever is sent after it is another message.
  if (!ownId) message.outgoing = withNewText(world, message);
  if (!kept) {
    message.accepted = 'unknown';
    message.order = undefined;
  }
}

/** A message delivered twice can be distinguished from two messages. */
function withNewText(world: World, { outgoing }: Remembered): Remembered['outgoing'] {
  return { ...outgoing, text: `${textMarker}anew ${world.sends}.` };
}

function takeOver(world: World, message: Remembered, receipt: Receipt, outgoing: Remembered['outgoing']): void {
  const entryIds = receipt.entries.map(({ id }) => id);
  const missing = entryIds.filter((id) => !world.watcher.entries.has(id));
  if (missing.length > 0) world.violation(`${receipt.messageId} has a receipt, and is not in the spool`);
  Object.assign(message, { outgoing, entryIds, accepted: 'yes' });
}

/** True while its id must not create another message. */
function isKept(world: World, { accepted, outgoing }: Remembered): boolean {
  return accepted === 'yes' && world.watcher.idTaken(outgoing.messageId);
}

function unknown(attempt: Attempt<unknown>): attempt is { readonly status: 'died' } {
  return attempt.status === 'died' || (attempt.status === 'failed' && hasCode(attempt.error, 'APPEND_OUTCOME_UNKNOWN'));
}
