import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { fromBase64Url } from '../core/text.ts';
import type { TransportLimit, TransportReport } from '../transport/contract.ts';
import type { GraphClient } from './client/client.ts';
import { field, listField, parseJson } from './client/json.ts';
import type { Reply } from './client/reply.ts';
import { replyError } from './outcome/outcome.ts';
import { listMessages, literal, type MailboxAccess } from './probe/messages.ts';
import { tagProperty } from './probe/properties.ts';
import type { GraphSettings } from './settings.ts';

/** Asks for the mailbox with the token at hand, and says what the permissions that it lacks make impossible. */
export async function verify(
  client: GraphClient,
  settings: GraphSettings,
  mailbox: string,
  signal: AbortSignal,
): Promise<TransportReport> {
  if (signal.aborted) throw new OfflineImError('REQUEST_ABORTED', 'The request was aborted.');
  const userPath = client.userPath(mailbox);
  if (typeof userPath !== 'string') throw userPath;
  const access: MailboxAccess = { client, settings, mailbox, userPath, call: { signal, notes: [] } };
  const limits: TransportLimit[] = [];
  const unread = await whyUnread(access);
  const granted = permissionsIn(await client.token(mailbox, signal));
  const has = (...names: readonly string[]): boolean => names.some((name) => granted?.has(name.toLowerCase()) === true);
  if (unread !== undefined) limits.push(unread === withoutRead && has('Mail.Read', 'Mail.ReadWrite') ? keptOut : unread);
  if (!has('Mail.Send', 'Mail.Send.Shared')) limits.push(granted === undefined ? sendNotSeen : withoutSend);
  if (!has('Mail.ReadWrite', 'Mail.ReadWrite.Shared')) limits.push(withoutReadWrite);
  return { limits };
}

/** Makes the very search that a probe makes. Throws what stands in the way of more than reading. */
async function whyUnread(access: MailboxAccess): Promise<TransportLimit | undefined> {
  const filter = `singleValueExtendedProperties/Any(ep: ep/id eq ${literal(tagProperty)} and ep/value eq ${literal('verify')})`;
  const listed = await listMessages(access, { folder: 'sentitems', filter, top: 1 });
  if (listed.kind === 'listed') return undefined;
  if (listed.kind === 'missing') return sentUnseen;
  if (isRefusedRead(listed.reply)) return withoutRead;
  throw replyError(listed.reply);
}

function isRefusedRead(reply: Reply): boolean {
  return reply.kind === 'error' && (reply.meta.status === 403 || reply.meta.status === 400);
}

/**
 * The permissions that a token shows: `roles` of an application, `scp` of a user. Microsoft calls tokens opaque, so this is a
 * hint for people and decides nothing; undefined when it can't be read.
 */
function permissionsIn(token: string): ReadonlySet<string> | undefined {
  const [, payload] = token.split('.');
  const bytes = payload === undefined || payload === '' ? undefined : fromBase64Url(payload);
  if (bytes === undefined) return undefined;
  const claims = parseJson(new TextDecoder().decode(bytes));
  if (!('value' in claims)) return undefined;
  const scopes = field(claims.value, 'scp');
  const names = [...(listField(claims.value, 'roles') ?? []), ...(typeof scopes === 'string' ? scopes.split(' ') : [])];
  return new Set(names.flatMap((name) => (typeof name === 'string' ? [name.toLowerCase()] : [])));
}

const unprobed = 'a note whose response is lost cannot be probed, and ends as OUTCOME_UNKNOWN.';
const withoutRead: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: `Mail.Read is missing (Mail.ReadBasic does not suffice): ${unprobed}`,
};
const sentUnseen: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: `The login cannot see Sent Items: ${unprobed}`,
};
/** https://learn.microsoft.com/graph/auth-limit-mailbox-access */
const keptOut: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: 'The token shows Mail.Read, but this mailbox refuses it: an application access policy may keep the login out. Then every note is refused, too.',
};
const withoutReadWrite: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: 'The token does not show Mail.ReadWrite: a draft that Exchange leaves cannot be removed and is reported as DRAFT_LEFT, and keepCopyIn does nothing. A grant by RBAC for Applications does not show.',
};
const withoutSend: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: 'The token does not show Mail.Send: unless RBAC for Applications grants it, every note is refused and its mailbox blocked.',
};
const sendNotSeen: TransportLimit = {
  code: 'PERMISSION_MISSING',
  text: 'The token cannot be read, so only the first note shows whether it has Mail.Send.',
};
