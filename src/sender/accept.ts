import { audienceOf, messageClassFor } from '../classification/classification.ts';
import { type Clock, withinTime } from '../core/clock.ts';
import { missing } from '../core/errors/missing.ts';
import { hasCode, OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { isArray, property } from '../core/errors/thrown.ts';
import { hasMethods } from '../core/options.ts';
import { timeOrderedId } from '../core/text.ts';
import { evaluateGate, type GateDecision } from '../gating/gate.ts';
import { type Address, addressKey, domainOf, parseAddress, toSipUri } from '../message/address.ts';
import { contentHash, defaultConversationId, messageWeight, type NormalizedMessage, recipientsKey } from '../message/message.ts';
import type { AppendResult, NewSpoolEntry, SpooledMessage } from '../spool/contract.ts';
import type { Audience, Mailbox } from '../transport/contract.ts';
import type { Identity, PolicySource, SenderSettings } from './options.ts';

/** Recipients of one audience. */
export interface AudienceGroup {
  readonly audience: Audience;
  readonly messageClass: string;
  readonly recipients: readonly Address[];
}

/** What gate and classification found. */
export interface Checked {
  readonly decision: GateDecision;
  readonly groups: readonly AudienceGroup[];
}

/** What acceptance needs of its sender. */
export interface AcceptanceContext {
  readonly settings: SenderSettings;
  readonly clock: Clock;
  policy(): PolicySource | undefined;
  /** Aborts when stop() gives up sends that are being prepared. */
  readonly givenUp: AbortSignal;
  /** See `SpoolStorage.entryIdFor`. */
  entryIdFor(lane: string, id: string): string;
  /** Whether the spool has a message with this id, or its tombstone. */
  isKnown(messageId: string): Promise<boolean>;
}

const audiences = ['same-organization', 'federated'] as const;

/** Gets policy and client for the message's sender, and runs gate and classification on the message. */
export async function checkMessage(context: AcceptanceContext, message: NormalizedMessage): Promise<Checked> {
  const { settings } = context;
  const identity = identityOf(settings, message);
  const given = context.policy();
  const { client: told } = settings;
  const [client, policy] =
    typeof told !== 'function' && typeof given !== 'function'
      ? [told, given]
      : await Promise.all([
          typeof told === 'function' ? asked(context, 'client', told, identity) : told,
          typeof given === 'function' ? asked(context, 'policy', given, identity) : given,
        ]);
  // Its domains were normalised with the settings.
  const classified = message.to.map((address) => ({ address, is: audienceOf(address, settings.organization, (one) => one) }));
  const strangers = classified.filter(({ is }) => is === 'not-federated').map(({ address }) => domainOf(address));
  // Only where the gate needs it: resolving it may cost the host a look-up.
  const asksByMailbox = hasMethods(client, ['mailboxLocation']);
  const mailbox = asksByMailbox ? (await senderMailbox(context, message)).address : undefined;
  const decision = evaluateGate({ client, policy, mailbox, domainsNotFederated: [...new Set(strangers)] });
  const groups = audiences.flatMap((audience) => {
    const recipients = classified.filter(({ is }) => is === audience).map(({ address }) => address);
    return recipients.length === 0 ? [] : [{ audience, messageClass: messageClassFor(audience, settings), recipients }];
  });
  return { decision, groups };
}

/** The entries of a message that passed the gate, one per audience, with mailboxes resolved and everything decided that goes into a note. */
export async function entriesOf(
  context: AcceptanceContext,
  message: NormalizedMessage,
  groups: readonly AudienceGroup[],
  traceparent?: string,
): Promise<NewSpoolEntry[]> {
  const { settings, clock } = context;
  const sip = message.from?.sip ?? settings.sip;
  const from = { sip: toSipUri(sip), mailbox: await senderMailbox(context, message) };
  const now = clock.now();
  const messageId = message.messageId ?? timeOrderedId(now);
  const hash = await contentHash(message);
  const conversationId = message.conversationId ?? (await defaultConversationId(sip, message.to));
  const expiresIn = message.expiresAt === undefined ? settings.spooler.expiry : message.expiresAt - now;
  // A message repeated to learn what became of it gets its receipt, however late.
  if (!(expiresIn > 0) && !(await context.isKnown(messageId).catch((error: unknown) => unknownAppend(messageId, error)))) {
    throw new OfflineImError('MESSAGE_INVALID', 'expiresAt has already passed; expected a time in the future.', {
      details: { messageId },
    });
  }
  const lane = addressKey(from.mailbox);
  const ids = groups.map(() => context.entryIdFor(lane, timeOrderedId(now)));
  const mailboxes = await mailboxesOf(context, groups);
  return groups.map(({ audience, messageClass }, index): NewSpoolEntry => {
    const to = distinct(mailboxes[index] ?? missing('The mailboxes of an audience'));
    const { text, html } = message;
    const spooled: SpooledMessage = {
      from,
      to,
      text,
      ...(html === undefined ? {} : { html }),
      sentAt: message.sentAt ?? now,
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return {
      id: ids[index] ?? missing('The id of an entry'),
      messageId,
      contentHash: hash,
      lane,
      conversationId,
      audience,
      recipientsKey: recipientsKey(to),
      messageClass,
      weight: messageWeight(text, html),
      pickupIn: settings.spooler.pickupDelay,
      expiresIn,
      message: spooled,
    };
  });
}

/** Calls the host's `policy` or `client` function for an identity. @throws {OfflineImError} `POLICY_FAILED`, `POLICY_TIMEOUT` */
async function asked<T>(
  context: AcceptanceContext,
  name: 'policy' | 'client',
  ask: (identity: Identity) => T | Promise<T>,
  identity: Identity,
): Promise<T> {
  const { policyTimeout } = context.settings;
  const text = `The ${name} function did not return within ${policyTimeout} ms; the message was not kept.`;
  const details = { option: name };
  const tooLate = new OfflineImError('POLICY_TIMEOUT', text, { details });
  const failed = `The ${name} function threw; the message was not kept.`;
  return inTime(
    context,
    () => ask(identity),
    tooLate,
    (cause) => new OfflineImError('POLICY_FAILED', failed, { cause, details }),
  );
}

/** Calls a function of the host within `policyTimeout`. */
async function inTime<T>(
  { settings, clock, givenUp }: AcceptanceContext,
  ask: () => T | Promise<T>,
  tooLate: OfflineImError,
  failed: (cause: unknown) => OfflineImError,
): Promise<T> {
  try {
    return await withinTime(clock, settings.policyTimeout, ask, () => tooLate, givenUp);
  } catch (cause) {
    throw cause === tooLate ? tooLate : failed(cause);
  }
}

function identityOf(settings: SenderSettings, { from }: NormalizedMessage): Identity {
  if (from === undefined) return settings.identity;
  const { displayName, mailbox } = from;
  return {
    sip: toSipUri(from.sip),
    ...(displayName === undefined ? {} : { displayName }),
    ...(mailbox === undefined ? {} : { mailbox: mailbox.address }),
  };
}

async function senderMailbox(context: AcceptanceContext, message: NormalizedMessage): Promise<Mailbox> {
  const { settings } = context;
  const { displayName, mailbox } = identityOf(settings, message);
  const sip = message.from?.sip ?? settings.sip;
  const address = mailbox === undefined ? await resolved(context, sip) : parseAddress(mailbox).address;
  const name = displayName ?? sip.name;
  return name === undefined ? { address } : { address, name };
}

/** The mailboxes of each group's recipients. Where nobody has to be asked, no promise is made for each of them. */
function mailboxesOf(context: AcceptanceContext, groups: readonly AudienceGroup[]): Mailbox[][] | Promise<Mailbox[][]> {
  if (context.settings.resolveMailbox === undefined) {
    return groups.map(({ recipients }) => recipients.map((recipient) => mailboxOf(recipient, recipient.address)));
  }
  const asked = async (recipient: Address): Promise<Mailbox> =>
    mailboxOf(recipient, recipient.kind === 'sip' ? await resolved(context, recipient) : recipient.address);
  return Promise.all(groups.map(({ recipients }) => Promise.all(recipients.map(asked))));
}

function mailboxOf({ name }: Pick<Address, 'name'>, address: string): Mailbox {
  return name === undefined ? { address } : { address, name };
}

async function resolved(context: AcceptanceContext, address: Address): Promise<string> {
  const { resolveMailbox, policyTimeout } = context.settings;
  if (resolveMailbox === undefined) return address.address;
  const sip = toSipUri(address);
  const late = `resolveMailbox did not answer within ${policyTimeout} ms for ${JSON.stringify(sip)}; nothing of the message was kept.`;
  const unusable = (cause: unknown): OfflineImError => {
    const text = `resolveMailbox returned no usable SMTP address for ${JSON.stringify(sip)}.`;
    return new OfflineImError('MAILBOX_UNRESOLVED', text, { cause });
  };
  const given = await inTime(context, () => resolveMailbox(sip), new OfflineImError('MAILBOX_UNRESOLVED', late), unusable);
  try {
    const answer = parseAddress(given, 'ADDRESS_INVALID');
    if (answer.kind !== 'sip') return answer.address;
  } catch (cause) {
    throw unusable(cause);
  }
  throw unusable(new OfflineImError('ADDRESS_INVALID', 'resolveMailbox returned a SIP URI; expected an SMTP address.'));
}

/** Two SIP addresses may share a mailbox, which gets the note once. */
function distinct(mailboxes: readonly Mailbox[]): Mailbox[] {
  const byKey = new Map<string, Mailbox>();
  for (const mailbox of mailboxes) if (!byKey.has(addressKey(mailbox))) byKey.set(addressKey(mailbox), mailbox);
  return [...byKey.values()];
}

/** What `send()` resolves with: the message is on durable storage, as durable as the spool is. It doesn't mean that anybody will read it. */
export interface Receipt {
  readonly messageId: string;
  /** True if the same message was accepted before; the entries are those of the first time. */
  readonly duplicate: boolean;
  /** One per audience. */
  readonly entries: readonly {
    readonly id: string;
    readonly audience: Audience;
    readonly messageClass: string;
    /** SMTP addresses. */
    readonly recipients: readonly string[];
    /** When its two minutes end. */
    readonly pickupAt: Date;
  }[];
}

/**
 * The storage's result for the one message that was appended.
 *
 * @throws {OfflineImError} `SPOOL_FAILED`
 */
export function firstResult(results: unknown): AppendResult {
  const result: unknown = isArray(results) ? results[0] : undefined;
  if (isResult(result)) return result;
  throw new OfflineImError('SPOOL_FAILED', `append() of the spool returned ${quoted(results)}; expected one result per message.`);
}

function isResult(value: unknown): value is AppendResult {
  const status = property(value, 'status');
  if (status === 'conflict' || status === 'failed') return true;
  const entries = property(value, 'entries');
  return (status === 'appended' || status === 'duplicate') && isArray(entries) && entries.every(isListed);
}

/** Whether an entry has what its receipt shows. */
function isListed(entry: unknown): boolean {
  const to = property(entry, 'to');
  const isRead = typeof property(entry, 'id') === 'string' && typeof property(entry, 'pickupAt') === 'number';
  return isRead && isArray(to) && to.every((mailbox) => typeof property(mailbox, 'address') === 'string');
}

/** The receipt of an append. @throws {OfflineImError} `MESSAGE_ID_CONFLICT`, `SPOOL_FAILED`, `APPEND_OUTCOME_UNKNOWN` */
export function receiptOf(messageId: string, result: AppendResult): Receipt {
  switch (result.status) {
    case 'conflict': {
      const text = `A message with the id ${JSON.stringify(messageId)} but different content was already accepted; use another id.`;
      throw new OfflineImError('MESSAGE_ID_CONFLICT', text, { details: { messageId } });
    }
    case 'failed': {
      if (result.kept !== 'no') return unknownAppend(messageId, result.error);
      // Only our own errors are known to hold no message text.
      const found = result.error instanceof OfflineImError ? result.error.message : 'The spool could not keep the message.';
      const text = `${found} The message was not kept: fix the cause and send it again.`;
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

/** Throws for an append of unknown outcome. A storage that was closed beforehand has kept nothing: then its own error is thrown. */
export function unknownAppend(messageId: string, cause: unknown): never {
  if (hasCode(cause, 'SPOOL_CLOSED')) throw cause;
  throw unansweredAppend(messageId, cause);
}

/** The error for an append of unknown outcome. */
export function unansweredAppend(messageId: string, cause?: unknown): OfflineImError {
  const text = `The spool can't tell whether it kept the message; send it again with messageId ${JSON.stringify(messageId)}.`;
  return new OfflineImError('APPEND_OUTCOME_UNKNOWN', text, { cause, details: { messageId } });
}
