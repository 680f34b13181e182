import type { GraphClient } from '../client/client.ts';
import { field, listField, textField, timeField } from '../client/json.ts';
import { read } from '../client/reads.ts';
import type { GraphCall, Reply } from '../client/reply.ts';
import type { GraphSettings } from '../settings.ts';
import { flagsProperty, propertyOf, submittedIn, tagProperty } from './properties.ts';

/** What requests for one mailbox are made with. */
export interface MailboxAccess {
  readonly client: GraphClient;
  readonly settings: GraphSettings;
  readonly mailbox: string;
  /** `/v1.0/users/<user>`. */
  readonly userPath: string;
  readonly call: Pick<GraphCall, 'signal' | 'notes' | 'texts' | 'mayWrite'>;
}

/** A message in an answer, as far as it can be believed. */
export interface GraphMessage {
  readonly id: string;
  /** Undefined when the answer doesn't say. */
  readonly isDraft: boolean | undefined;
  /** ms since 1970. */
  readonly created: number | undefined;
  readonly messageId: string | undefined;
  readonly tag: string | undefined;
  /** Value of the property that was expanded. */
  readonly expanded: string | undefined;
  /** Where it was selected. */
  readonly subject: string | undefined;
}

/** A request that did not bring what it was made for. */
interface Failed {
  readonly kind: 'failed';
  readonly reply: Reply;
}

/** What a folder holds that a filter lets through. `whole` is false when something could not be read or followed. */
export type Listed =
  | {
      readonly kind: 'listed';
      readonly messages: readonly GraphMessage[];
      readonly whole: boolean;
      readonly seenAt: number | undefined;
      /** A later page that did not come: what those before have shown stands. */
      readonly failure?: Reply;
    }
  /** There is no such folder, or none that this login can see. */
  | { readonly kind: 'missing'; readonly reply: Reply }
  | Failed;

/** Pages that are followed at most: a search for one tag has one. */
const mostPages = 20;
/** Messages of a page at most; Graph gives no more, whatever is asked for. */
const mostOfAPage = 1_000;

/**
 * Lists the messages of a folder, or of all folders:
 * https://learn.microsoft.com/graph/api/mailfolder-list-messages, https://learn.microsoft.com/graph/api/user-list-messages
 */
export async function listMessages(
  access: MailboxAccess,
  query: {
    readonly folder: string | undefined;
    readonly filter: string;
    readonly top?: number;
    readonly select?: string;
    readonly expand?: string;
  },
): Promise<Listed> {
  const { settings, userPath } = access;
  const { select = 'id,isDraft,createdDateTime,internetMessageId', expand = tagProperty, top = 10 } = query;
  const parameters = [
    `$filter=${encodeURIComponent(query.filter)}`,
    `$select=${encodeURIComponent(select)}`,
    `$top=${top}`,
    `$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq ${literal(expand)})`)}`,
  ];
  const messages: GraphMessage[] = [];
  const folder = query.folder === undefined ? '' : `/mailFolders/${query.folder}`;
  let path = `${userPath}${folder}/messages?${parameters.join('&')}`;
  let whole = true;
  let shown = 0;
  for (let page = 1; ; page++) {
    const reply = await read(access.client, settings, request(access, 'listMessages', path));
    const values = reply.kind === 'ok' && reply.meta.status === 200 ? listField(reply.body, 'value') : undefined;
    if (reply.kind !== 'ok' || values === undefined) {
      if (page > 1) return { kind: 'listed', messages, whole: false, seenAt: undefined, failure: reply };
      return { kind: isMissing(reply) ? 'missing' : 'failed', reply };
    }
    shown += values.length;
    if (values.length > mostOfAPage || !isPlain(reply.body)) whole = false;
    for (const value of values.slice(0, mostOfAPage)) {
      const message = readMessage(value, expand);
      if (message === undefined) whole = false;
      else messages.push(message);
    }
    const seenAt = reply.meta.date;
    const next = said(reply.body, 'nextlink');
    if (next === undefined) {
      const counted = said(reply.body, 'count');
      return { kind: 'listed', messages, whole: whole && (counted === undefined || counted === shown), seenAt };
    }
    const followed = page < mostPages ? safeLink(next, settings.root) : undefined;
    if (followed === undefined) return { kind: 'listed', messages, whole: false, seenAt };
    path = followed;
  }
}

/** What an answer says of itself, in each way that the versions of OData write it, whatever the case of its letters. */
function said(body: unknown, name: 'nextlink' | 'count'): unknown {
  for (const [key, value] of Object.entries(body ?? {})) {
    if (value !== null && /^(?:value)?@?(?:odata\.)?(\w+)$/i.exec(key)?.[1]?.toLowerCase() === name) return value;
  }
  return undefined;
}

/** Beside its list an answer has annotations, each a plain value: a list or an error at any other place may be matches that weren't seen. */
function isPlain(body: unknown): boolean {
  return Object.entries(body ?? {}).every(([key, value]) => {
    if (key === 'value' || value === null) return true;
    return typeof value !== 'object' && /^(?:value)?@|^odata\./i.test(key) ? true : isNothing(value);
  });
}

function isNothing(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length === 0 : value === '' || value === undefined;
}

/** How an unsent message stands. `submitted` is undefined when the answer doesn't say: don't know, never no. */
export type Standing =
  | {
      readonly kind: 'there';
      readonly isDraft: boolean | undefined;
      readonly submitted: boolean | undefined;
      readonly created: number | undefined;
      /** The server's time; undefined where it is hidden. Our own clock may be days off. */
      readonly seenAt: number | undefined;
    }
  | { readonly kind: 'gone' }
  | Failed;

/** Reads one message anew: https://learn.microsoft.com/graph/api/message-get */
export async function readStanding(access: MailboxAccess, id: string): Promise<Standing> {
  const expand = encodeURIComponent(`singleValueExtendedProperties($filter=id eq ${literal(flagsProperty)})`);
  const path = `${access.userPath}/messages/${encodeURIComponent(id)}?$select=id,isDraft,createdDateTime&$expand=${expand}`;
  const reply = await read(access.client, access.settings, request(access, 'getMessage', path));
  if (isMissing(reply)) return { kind: 'gone' };
  const message = reply.kind === 'ok' && reply.meta.status === 200 ? readMessage(reply.body, flagsProperty) : undefined;
  if (reply.kind !== 'ok' || message === undefined || message.id !== id) return { kind: 'failed', reply };
  return {
    kind: 'there',
    isDraft: message.isDraft,
    submitted: submittedIn(propertyOf(reply.body, flagsProperty)),
    created: message.created,
    seenAt: reply.meta.date,
  };
}

/** What came of a move. `isDraft`: as it lies in its new place, where the answer says so. */
export type Moved = { readonly kind: 'moved'; readonly isDraft: boolean | undefined } | { readonly kind: 'gone' } | Failed;

/** Moves a message to a well-known folder: https://learn.microsoft.com/graph/api/message-move. Not repeated. */
export async function moveMessage(access: MailboxAccess, id: string, folder: string): Promise<Moved> {
  const reply = await access.client.call({
    ...request(access, 'moveMessage', `${access.userPath}/messages/${encodeURIComponent(id)}/move`),
    method: 'POST',
    body: JSON.stringify({ destinationId: folder }),
  });
  if (isMissing(reply)) return { kind: 'gone' };
  if (reply.kind !== 'ok' || reply.meta.status !== 201) return { kind: 'failed', reply };
  const isDraft = field(reply.body, 'isDraft');
  return { kind: 'moved', isDraft: typeof isDraft === 'boolean' ? isDraft : undefined };
}

/** A string as OData writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function request({ mailbox, call }: MailboxAccess, operation: string, path: string): GraphCall & { readonly method: 'GET' } {
  return { ...call, mailbox, operation, method: 'GET', path };
}

/** A folder or message that isn't there, in a mailbox that is. */
export function isMissing(reply: Reply): boolean {
  if (reply.kind !== 'error' || reply.meta.status !== 404) return false;
  return reply.error?.codes.some((code) => code === 'ErrorFolderNotFound' || code === 'ErrorItemNotFound') === true;
}

/** Undefined when it has no usable id: then nobody knows what it is. In an address, dots alone would lead elsewhere. */
function readMessage(value: unknown, expanded: string): GraphMessage | undefined {
  const id = textField(value, 'id', 2_000);
  if (id === undefined || /^\.{1,2}$/.test(id) || !id.isWellFormed()) return undefined;
  const isDraft = field(value, 'isDraft');
  return {
    id,
    isDraft: typeof isDraft === 'boolean' ? isDraft : undefined,
    created: timeField(value, 'createdDateTime'),
    messageId: textField(value, 'internetMessageId', 2_000),
    tag: propertyOf(value, tagProperty),
    expanded: propertyOf(value, expanded),
    subject: textField(value, 'subject', 1_000),
  };
}

/** A link to the next page is followed as it is, to nowhere but the service itself: it takes the token along. */
function safeLink(link: unknown, root: string): string | undefined {
  if (typeof link !== 'string' || link.length > 16_384 || !URL.canParse(link)) return undefined;
  const url = new URL(link);
  const base = new URL(`${root}/v1.0/`);
  const same = url.origin === base.origin && url.username === '' && url.password === '' && url.pathname.startsWith(base.pathname);
  return same ? url.href : undefined;
}
