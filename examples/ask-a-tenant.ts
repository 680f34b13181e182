/**
 * Nine questions to a real tenant that Microsoft's documentation leaves open (docs/graph.md). It sends some forty mails from the
 * test mailbox SENDER to the test mailbox RECIPIENT, and prints what happened; nothing but codes and counts of a mailbox is shown.
 *
 * ```sh
 * GRAPH_TOKEN=… SENDER=alice@contoso.com RECIPIENT=bob@contoso.com NOT_ALLOWED=carol@contoso.com \
 *   node --import ./examples/from-source.ts examples/ask-a-tenant.ts
 * ```
 *
 * The token needs Mail.Send and Mail.ReadWrite for both mailboxes; SENDER must have no right to send as NOT_ALLOWED. Without a
 * token the simulator answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startExchangeSimulator } from 'offline-im/testing';

interface Tenant {
  readonly root: string;
  readonly token: string;
  readonly sender: string;
  readonly recipient: string;
  readonly notAllowed: string;
  /** ms between looks, and how many there are at most. */
  readonly every: number;
  readonly looks: number;
  readonly isSimulated: boolean;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  /** Of the error; '' without one. */
  readonly code: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly ms: number;
}

interface Item {
  readonly id: string;
  readonly isDraft?: boolean;
  readonly singleValueExtendedProperties?: readonly { readonly id: string; readonly value: string }[];
}

const tagId = 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag';
const classId = 'String 0x001A';
const flagsId = 'Integer 0x0E07';
const folders = ['drafts', 'outbox', 'sentitems', 'deleteditems'];
const submitted = 4;

const { GRAPH_TOKEN, GRAPH_ROOT, SENDER = '', RECIPIENT = '', NOT_ALLOWED = '' } = process.env;
const tenant = GRAPH_TOKEN === undefined ? await simulated() : real(GRAPH_TOKEN);
const run = Date.now().toString(36);
const questions: readonly (readonly [string, () => Promise<string>])[] = [
  ['Which classes are accepted and kept', askClasses],
  ['Are the tag and the Message-ID on the item', askKeys],
  ['How long is it in Drafts, and with which flags', askDrafts],
  ['Does ErrorSendAsDenied leave a draft', askDenied],
  ['What does moving a submitted draft do', askMove],
  ['Does 0x0E0A choose the folder of the copy', askFolder],
  ['How long does a search in Sent Items take', askSearch],
  ['Were sends that got 429 sent all the same', askThrottled],
  ['Does a filter with "or" find both tags', askOr],
];
for (const [index, [question, ask]] of questions.entries()) {
  const answer = await ask().catch((error: unknown) => `could not be asked: ${String(error)}`);
  console.log(`${index + 1}. ${question}? ${answer}`);
}
await tenant.close();

async function askClasses(): Promise<string> {
  const said: string[] = [];
  for (const messageClass of ['IM.Note.MissedConversation', 'IPM.Note.Microsoft.Missed']) {
    const tag = tagOf(messageClass);
    const { status, code } = await send(tag, { properties: [{ id: classId, value: messageClass }] });
    const copy = status === 202 ? await appears(tenant.sender, 'sentitems', byTag(tag), classId) : undefined;
    const arrived = status === 202 ? await appears(tenant.recipient, 'inbox', byTag(tag), classId) : undefined;
    const there = arrived === undefined ? 'not found by the tag' : propertyOf(arrived, classId);
    said.push(`${messageClass}: ${status} ${code}, copy ${propertyOf(copy, classId)}, at the recipient ${there}`);
  }
  return said.join('; ');
}

async function askKeys(): Promise<string> {
  const tag = tagOf('keys');
  await send(tag);
  const inDrafts = [await find(tenant.sender, 'drafts', byTag(tag)), await find(tenant.sender, 'drafts', byMessageId(tag))];
  const copy = [await appears(tenant.sender, 'sentitems', byTag(tag)), await find(tenant.sender, 'sentitems', byMessageId(tag))];
  const shown = (items: readonly (Item | undefined)[]): string =>
    `by tag ${yes(items[0] !== undefined)}, by Message-ID ${yes(items[1] !== undefined)}`;
  return `on the copy: ${shown(copy)}; in Drafts, where it was seen there: ${shown(inDrafts)}`;
}

async function askDrafts(): Promise<string> {
  const tag = tagOf('drafts');
  await send(tag);
  const began = performance.now();
  const seen = new Set<string>();
  for (let look = 0; look < tenant.looks; look++) {
    for (const folder of folders) {
      const item = await find(tenant.sender, folder, byTag(tag), flagsId);
      if (item === undefined) continue;
      if (folder === 'sentitems') {
        const where = [...seen].join(', ');
        return `in Sent Items within ${bounded(performance.now() - began)}; before: ${where === '' ? 'seen nowhere' : where}`;
      }
      seen.add(`${folder} with flags ${propertyOf(item, flagsId)}`);
    }
    await sleep(tenant.every);
  }
  return `it did not come to Sent Items; seen: ${[...seen].join(', ')}`;
}

async function askDenied(): Promise<string> {
  if (tenant.notAllowed === '') return 'not asked: NOT_ALLOWED is not set';
  const tag = tagOf('denied');
  const { status, code } = await send(tag, { from: tenant.notAllowed });
  return `${status} ${code}; a draft: ${yes((await find(tenant.sender, 'drafts', byTag(tag))) !== undefined)}`;
}

async function askMove(): Promise<string> {
  const tag = tagOf('move');
  await send(tag);
  const item = await find(tenant.sender, 'drafts', byTag(tag), flagsId);
  if (item === undefined) return 'not asked: it had left Drafts before it could be moved';
  const handedOver = (Number(propertyOf(item, flagsId)) & submitted) !== 0;
  const moved = await request(tenant.sender, 'POST', `/messages/${encodeURIComponent(item.id)}/move`, {
    destinationId: 'deleteditems',
  });
  const arrived = await appears(tenant.recipient, 'inbox', bySubject(tag));
  return `submitted ${yes(handedOver)}: ${moved.status} ${moved.code}; sent all the same: ${yes(arrived !== undefined)}`;
}

async function askFolder(): Promise<string> {
  const entryId = 'Binary 0x0FFF';
  const expand = `$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=id eq '${entryId}')`)}`;
  const folder = await request(tenant.sender, 'GET', `/mailFolders/conversationhistory?${expand}`);
  const value = propertyOf(folder.body as unknown as Item, entryId);
  if (value === 'none')
    return `not asked: the folder does not show its entry id${tenant.isSimulated ? '; what Exchange makes of one, nobody has written down' : ''}`;
  const tag = tagOf('folder');
  const { status, code } = await send(tag, { properties: [{ id: 'Binary 0x0E0A', value }] });
  const copy = await appears(tenant.sender, 'conversationhistory', byTag(tag));
  return `${status} ${code}; the copy is in Conversation History: ${yes(copy !== undefined)}`;
}

async function askSearch(): Promise<string> {
  const folder = await request(tenant.sender, 'GET', '/mailFolders/sentitems');
  const { status, ms } = await list(tenant.sender, 'sentitems', byTag('none'), tagId);
  return `${status} within ${bounded(ms)}, in ${folder.body.totalItemCount ?? 'an unknown number of'} items`;
}

async function askThrottled(): Promise<string> {
  const tags = Array.from({ length: 20 }, (_, n) => tagOf(`burst-${n}`));
  const answers = await Promise.all(tags.map((tag) => send(tag)));
  const [accepted, refused] = [202, 429].map((status) => tags.filter((_, at) => answers[at]?.status === status));
  // Once those that were accepted have been sent, the others would have been too.
  for (const tag of accepted ?? []) await appears(tenant.sender, 'sentitems', byTag(tag));
  let sent = 0;
  for (const tag of refused ?? []) if ((await find(tenant.sender, 'sentitems', byTag(tag))) !== undefined) sent += 1;
  return `of 20 at once ${accepted?.length} got 202 and ${refused?.length} got 429; of the latter ${sent} were sent`;
}

async function askOr(): Promise<string> {
  const tags = [tagOf('or-1'), tagOf('or-2')];
  for (const tag of tags) await send(tag);
  for (const tag of tags) await appears(tenant.sender, 'sentitems', byTag(tag));
  const { status, code, body } = await list(tenant.sender, 'sentitems', tags.map(byTag).join(' or '), tagId);
  return `${status} ${code}, ${Array.isArray(body.value) ? body.value.length : 0} of 2`;
}

function tagOf(what: string): string {
  return `ask-${run}-${what.toLowerCase()}`;
}

function byTag(tag: string): string {
  return `singleValueExtendedProperties/Any(ep: ep/id eq '${tagId}' and ep/value eq '${tag}')`;
}

function byMessageId(tag: string): string {
  return `internetMessageId eq '<${tag}@offline-im.invalid>'`;
}

function bySubject(tag: string): string {
  return `subject eq '${tag}'`;
}

function propertyOf(item: Item | undefined, id: string): string {
  const number = (text: string): string => text.toLowerCase().replace('0x0', '0x').replace('0x0', '0x');
  return item?.singleValueExtendedProperties?.find((one) => number(one.id) === number(id))?.value ?? 'none';
}

function send(
  tag: string,
  more: { readonly properties?: readonly { id: string; value: string }[]; readonly from?: string } = {},
): Promise<Answer> {
  return request(tenant.sender, 'POST', '/sendMail', {
    message: {
      subject: tag,
      body: { contentType: 'text', content: 'A question to the tenant.' },
      toRecipients: [{ emailAddress: { address: tenant.recipient } }],
      ...(more.from === undefined ? {} : { from: { emailAddress: { address: more.from } } }),
      internetMessageId: `<${tag}@offline-im.invalid>`,
      singleValueExtendedProperties: [{ id: tagId, value: tag }, ...(more.properties ?? [])],
    },
    saveToSentItems: true,
  });
}

async function appears(mailbox: string, folder: string, filter: string, expand = tagId): Promise<Item | undefined> {
  for (let look = 0; look < tenant.looks; look++) {
    const item = await find(mailbox, folder, filter, expand);
    if (item !== undefined) return item;
    await sleep(tenant.every);
  }
  return undefined;
}

async function find(mailbox: string, folder: string, filter: string, expand = tagId): Promise<Item | undefined> {
  const { body } = await list(mailbox, folder, filter, expand);
  return Array.isArray(body.value) ? (body.value[0] as Item | undefined) : undefined;
}

function list(mailbox: string, folder: string, filter: string, expand: string): Promise<Answer> {
  const property = `singleValueExtendedProperties($filter=id eq '${expand}')`;
  const query = `$filter=${encodeURIComponent(filter)}&$select=id,isDraft&$top=10&$expand=${encodeURIComponent(property)}`;
  return request(mailbox, 'GET', `/mailFolders/${folder}/messages?${query}`);
}

/** One request for a mailbox; never repeated, whatever the answer is. */
async function request(mailbox: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(`${tenant.root}/v1.0/users/${encodeURIComponent(mailbox)}${path}`, {
    method,
    headers: { authorization: `Bearer ${tenant.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  });
  const text = await response.text();
  const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  const { code = '' } = (parsed.error ?? {}) as { readonly code?: string };
  return { status: response.status, code, body: parsed, ms: performance.now() - began };
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}

function bounded(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))} s`;
}

function real(token: string): Tenant {
  const root = (GRAPH_ROOT ?? 'https://graph.microsoft.com').replace(/\/+$/, '');
  if (SENDER === '' || RECIPIENT === '') throw new Error('Set SENDER and RECIPIENT to the addresses of two test mailboxes.');
  const close = async (): Promise<void> => {};
  return {
    root,
    token,
    sender: SENDER,
    recipient: RECIPIENT,
    notAllowed: NOT_ALLOWED,
    every: 2_000,
    looks: 60,
    isSimulated: false,
    close,
  };
}

async function simulated(): Promise<Tenant> {
  const [sender, recipient, notAllowed] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'] as const;
  const exchange = await startExchangeSimulator({
    // One token reads both mailboxes, and sends from one.
    mailboxes: [sender, { address: recipient, delegates: [sender] }, notAllowed],
    tokens: [{ token: 'simulated', login: sender }],
    graph: { sendAfter: 400, moveAfter: 500 },
  });
  // A send takes as long as it takes: several are under way at a time.
  exchange.faults.on('sendMail').delay(200);
  console.log('No GRAPH_TOKEN: the simulator answers.');
  const close = (): Promise<void> => exchange.close();
  return {
    root: exchange.graphUrl,
    token: 'simulated',
    sender,
    recipient,
    notAllowed,
    every: 100,
    looks: 30,
    isSimulated: true,
    close,
  };
}
