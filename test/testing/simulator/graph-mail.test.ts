/** Mail through the Graph door, as clients other than the library ask for it: drafts, responses, attachments, MIME, changes. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const set = '{5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10}';
let server: ExchangeSimulator;
let clock: ManualClock;
let token: string;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 28));
  server = await startExchangeSimulator({
    clock,
    mailboxes: [
      { address: alice, name: 'Alice' },
      { address: bob, name: 'Bob' },
    ],
  });
  token = server.tokens.issue(alice);
});
afterEach(() => server.close());

interface Message extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly subject: string;
  readonly body: { readonly contentType: string; readonly content: string };
  readonly toRecipients: readonly Recipient[];
  readonly value: readonly Message[];
  readonly '@odata.deltaLink'?: string;
  readonly '@odata.nextLink'?: string;
}
interface Recipient {
  readonly emailAddress: { readonly address: string; readonly name?: string };
}

const to = (...addresses: readonly string[]): readonly Recipient[] => addresses.map((address) => ({ emailAddress: { address } }));
const addressesIn = (list: unknown): readonly string[] =>
  (list as readonly Recipient[]).map(({ emailAddress }) => emailAddress.address);

async function raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return fetch(path.startsWith('http') ? path : `${server.graphUrl}/v1.0/me${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Message> {
  const response = await raw(method, path, body, headers);
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as Message;
}

const inboxOf = (address: string) => server.mailbox(address).folder('inbox').items;
const file = (name: string, text: string) => ({
  '@odata.type': '#microsoft.graph.fileAttachment',
  name,
  contentType: 'text/plain',
  contentBytes: btoa(text),
});

describe('a draft', () => {
  it('is created, changed and sent: it leaves Drafts, and one copy lies in Sent Items', async () => {
    const draft = await ask('POST', '/messages', { subject: 'One', importance: 'High', categories: ['Red'] });
    expect(draft).toMatchObject({ subject: 'One', isDraft: true, importance: 'high', categories: ['Red'] });
    const changed = await ask('PATCH', `/messages/${draft.id}`, {
      body: { contentType: 'HTML', content: '<p>Hello</p>' },
      toRecipients: to(bob),
      flag: { flagStatus: 'flagged', dueDateTime: { dateTime: '2026-12-01T10:00:00', timeZone: 'UTC' } },
    });
    expect(changed).toMatchObject({ id: draft.id, subject: 'One', bodyPreview: 'Hello', flag: { flagStatus: 'flagged' } });
    expect((await raw('POST', `/messages/${draft.id}/send`)).status).toBe(202);
    expect(inboxOf(bob).map(({ subject, body }) => [subject, body.content])).toEqual([['One', '<p>Hello</p>']]);
    const mailbox = server.mailbox(alice);
    expect([mailbox.folder('drafts').size, mailbox.folder('sentitems').size]).toEqual([0, 1]);
    expect((await raw('POST', `/messages/${draft.id}/send`)).status).toBe(404);
  });

  it('that is on its way is not sent again, and one without recipients stays', async () => {
    await server.close();
    server = await startExchangeSimulator({ clock, mailboxes: [alice, bob], graph: { sendAfter: 1000 } });
    token = server.tokens.issue(alice);
    const draft = await ask('POST', '/messages', { subject: 'One' });
    expect((await raw('POST', `/messages/${draft.id}/send`)).status).toBe(400);
    await ask('PATCH', `/messages/${draft.id}`, { toRecipients: to(bob) });
    const sent = await Promise.all([1, 2].map(() => raw('POST', `/messages/${draft.id}/send`)));
    expect(sent.map(({ status }) => status).sort()).toEqual([202, 400]);
    await clock.advance(1000);
    expect([inboxOf(bob).length, server.mailbox(alice).folder('drafts').size]).toEqual([1, 0]);
  });

  it('keeps its immutable id when it is moved, and when it is sent', async () => {
    const prefer = { prefer: 'IdType="ImmutableId"' };
    const draft = await ask('POST', '/messages', { subject: 'One', toRecipients: to(bob) }, prefer);
    const moved = await ask('POST', `/messages/${draft.id}/move`, { destinationId: 'deleteditems' }, prefer);
    expect(moved.id).toBe(draft.id);
    await raw('POST', `/messages/${draft.id}/send`);
    const copy = await raw('GET', `/messages/${draft.id}?$select=isDraft`, undefined, prefer);
    expect(copy.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
    expect(await copy.json()).toMatchObject({ id: draft.id, isDraft: false });
    expect((await ask('GET', `/messages/${draft.id}`)).id).not.toBe(draft.id);
  });
});

describe('sendMail', () => {
  it('delivers attachments, Reply-To, categories and receipts, with names in any case', async () => {
    const message = {
      Subject: 'All of it',
      Body: { ContentType: 'Text', Content: 'text' },
      ToRecipients: [{ EmailAddress: { Address: bob } }],
      ReplyTo: [{ EmailAddress: { Address: 'desk@contoso.test' } }],
      IsReadReceiptRequested: true,
      Attachments: [file('a.txt', 'file')],
      MultiValueExtendedProperties: [{ Id: `StringArray ${set} Name Tags`, Value: ['x', 'y'] }],
    };
    expect((await raw('POST', '/sendMail', { Message: message, SaveToSentItems: 'false' })).status).toBe(202);
    token = server.tokens.issue(bob);
    const expand = encodeURIComponent(`multiValueExtendedProperties($filter=id eq 'StringArray ${set} Name Tags')`);
    const [received] = (await ask('GET', `/mailFolders/inbox/messages?$expand=attachments,${expand}`)).value;
    expect(received).toMatchObject({
      subject: 'All of it',
      hasAttachments: true,
      isReadReceiptRequested: true,
      attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: btoa('file') }],
      multiValueExtendedProperties: [{ value: ['x', 'y'] }],
    });
    expect(addressesIn(received?.replyTo)).toEqual(['desk@contoso.test']);
    expect(server.mailbox(alice).folder('sentitems').size).toBe(0);
  });

  it('takes a whole message as MIME in base64, and refuses what is no base64', async () => {
    const mime = `From: ${alice}\r\nTo: ${bob}\r\nSubject: As MIME\r\nX-Own: 1\r\n\r\nHello`;
    expect((await raw('POST', '/sendMail', btoa(mime))).status).toBe(202);
    expect(inboxOf(bob).map(({ subject, body }) => [subject, body.content])).toEqual([['As MIME', 'Hello']]);
    const refused = await raw('POST', '/sendMail', '*');
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { code: 'ErrorMimeContentInvalidBase64String' } },
    ]);
  });

  it('answers 415 to a compressed request, which clients then send again as it is', async () => {
    const body = gzipSync(JSON.stringify({ message: { toRecipients: to(bob) } }));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect((await fetch(`${server.graphUrl}/v1.0/me/sendMail`, { method: 'POST', headers, body })).status).toBe(415);
  });

  it('refuses an attachment without its type', async () => {
    const message = { toRecipients: to(bob), attachments: [{ name: 'a', contentBytes: 'YQ==' }] };
    const refused = await raw('POST', '/sendMail', { message });
    expect([refused.status, inboxOf(bob).length]).toEqual([400, 0]);
  });
});

describe('a response', () => {
  beforeEach(() => {
    server.mailbox(alice).receive({
      subject: 'Question',
      body: { type: 'html', content: '<p>Well?</p>' },
      from: { address: bob, name: 'Bob' },
      to: [alice, 'carol@fabrikam.test'],
      attachments: [{ name: 'a.txt', content: btoa('file') }],
    });
  });
  const received = async (): Promise<string> => (await ask('GET', '/mailFolders/inbox/messages')).value[0]?.id ?? '';

  it('goes to the sender, to all, or on, with the old text below the comment', async () => {
    const id = await received();
    expect((await raw('POST', `/messages/${id}/reply`, { comment: 'a < b' })).status).toBe(202);
    expect((await raw('POST', `/messages/${id}/replyAll`, { Comment: 'all' })).status).toBe(202);
    expect((await raw('POST', `/messages/${id}/microsoft.graph.forward`, { comment: 'see', toRecipients: to(bob) })).status).toBe(
      202,
    );
    const sent = inboxOf(bob);
    expect(sent.map(({ subject, attachments }) => [subject, attachments.length])).toEqual([
      ['RE: Question', 0],
      ['RE: Question', 0],
      ['FW: Question', 1],
    ]);
    expect(sent[0]?.body.content).toBe('a &lt; b<hr><p>Well?</p>');
    expect(server.outbound.map(({ recipient }) => recipient)).toEqual(['carol@fabrikam.test']);
  });

  it('is a draft first, which is changed and sent', async () => {
    const draft = await ask('POST', `/messages/${await received()}/createReply`);
    expect([draft.subject, draft.isDraft, addressesIn(draft.toRecipients)]).toEqual(['RE: Question', true, [bob]]);
    await ask('PATCH', `/messages/${draft.id}`, { body: { contentType: 'text', content: 'Yes' } });
    await raw('POST', `/messages/${draft.id}/send`);
    expect(inboxOf(bob).map(({ body }) => body.content)).toEqual(['Yes']);
    expect((await raw('POST', `/messages/${await received()}/createForward`)).status).toBe(201);
  });

  it('goes to Reply-To before From, and has a comment or a body', async () => {
    const reply = '<t:ReplyTo><t:Mailbox><t:EmailAddress>desk@contoso.test</t:EmailAddress></t:Mailbox></t:ReplyTo>';
    const item = server.mailbox(alice).receive({ from: bob, fields: { ReplyTo: reply } });
    expect(addressesIn((await ask('POST', `/messages/${item.id}/createReply`)).toRecipients)).toEqual(['desk@contoso.test']);
    const both = { comment: 'x', message: { body: { contentType: 'text', content: 'y' } } };
    expect((await raw('POST', `/messages/${item.id}/reply`, both)).status).toBe(400);
  });
});

describe('an attachment', () => {
  it('is added to a draft, listed, read and deleted', async () => {
    const { id } = await ask('POST', '/messages', { subject: 'One' });
    const added = await ask('POST', `/messages/${id}/attachments`, file('ä.bin', '\u0000\u00ff'));
    const message = { '@odata.type': '#microsoft.graph.message', subject: 'Inner', body: { contentType: 'text', content: 'in' } };
    const inner = { '@odata.type': '#microsoft.graph.itemAttachment', name: 'Inner', item: message };
    const item = await ask('POST', `/messages/${id}/attachments`, inner);
    const { value } = await ask('GET', `/messages/${id}/attachments?$select=name,size`);
    expect(value.map(({ name, size, contentBytes }) => [name, size, contentBytes])).toEqual([
      ['ä.bin', 2, undefined],
      ['Inner', 0, undefined],
    ]);
    const bytes = await (await raw('GET', `/messages/${id}/attachments/${added.id}/$value`)).arrayBuffer();
    expect([...new Uint8Array(bytes)]).toEqual([0, 255]);
    const expand = '$expand=microsoft.graph.itemattachment/item';
    expect(await ask('GET', `/messages/${id}/attachments/${item.id}?${expand}`)).toMatchObject({ item: { subject: 'Inner' } });
    expect((await raw('DELETE', `/messages/${id}/attachments/${added.id}`)).status).toBe(204);
    expect((await ask('GET', `/messages/${id}?$select=hasAttachments`)).hasAttachments).toBe(true);
  });
});

it('a message is read as MIME, with its headers, and with its body as text', async () => {
  const eml = `From: ${bob}\r\nTo: ${alice}\r\nSubject: H\u00e9\r\nX-Own: 1\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>`;
  const item = await server.mailbox(alice).receiveMime(eml);
  const response = await raw('GET', `/messages/${item.id}/$value`);
  expect([response.headers.get('content-type'), (await response.text()).split('\r\n')[3]]).toEqual(['text/plain', 'X-Own: 1']);
  const selected = await ask('GET', `/messages/${item.id}?$select=internetMessageHeaders,webLink,conversationIndex`);
  expect(selected.internetMessageHeaders).toContainEqual({ name: 'X-Own', value: '1' });
  const prefer = { prefer: 'outlook.body-content-type="text", outlook.timezone="UTC"' };
  expect((await ask('GET', `/messages/${item.id}`, undefined, prefer)).body).toEqual({ contentType: 'text', content: 'Hello' });
});

describe('delta', () => {
  it('gives what is there in pages, then what has happened since', async () => {
    const [one, two] = ['one', 'two', 'three'].map((subject) => server.mailbox(alice).receive({ subject, from: bob }));
    const first = await ask('GET', '/mailFolders/inbox/messages/delta?$select=subject', undefined, {
      prefer: 'odata.maxpagesize=2',
    });
    expect(first.value.map(({ subject }) => subject)).toEqual(['one', 'two']);
    const rest = await ask('GET', first['@odata.nextLink'] ?? '');
    expect(rest.value.map(({ subject }) => subject)).toEqual(['three']);
    await ask('PATCH', `/messages/${one?.id}`, { isRead: true });
    await raw('DELETE', `/messages/${two?.id}`);
    server.mailbox(alice).receive({ subject: 'four', from: bob });
    const later = await ask('GET', rest['@odata.deltaLink'] ?? '');
    expect(later.value.map(({ id, subject, '@removed': removed }) => [id === one?.id, subject, removed])).toEqual([
      [true, 'one', undefined],
      [false, undefined, { reason: 'deleted' }],
      [false, 'four', undefined],
    ]);
    expect((await ask('GET', later['@odata.deltaLink'] ?? '')).value).toEqual([]);
  });

  it('of folders gives them all, then those that something has happened to or in', async () => {
    const first = await ask('GET', '/mailFolders/delta');
    expect(first.value).toHaveLength(7);
    server.mailbox(alice).receive({ subject: 'one', from: bob });
    const { id } = await ask('POST', '/mailFolders/inbox/childFolders', { displayName: 'Projects' });
    const second = await ask('GET', first['@odata.deltaLink'] ?? '');
    expect(second.value.map(({ displayName, totalItemCount }) => [displayName, totalItemCount])).toEqual([
      ['Inbox', 1],
      ['Projects', 0],
    ]);
    server.mailbox(alice).removeFolder(server.mailbox(alice).folder('Projects'));
    const third = await ask('GET', second['@odata.deltaLink'] ?? '');
    expect(third.value).toMatchObject([{ id, '@removed': { reason: 'deleted' } }]);
  });

  it('asks for a new beginning when it does not know the token', async () => {
    const response = await raw('GET', '/mailFolders/inbox/messages/delta?$deltatoken=x');
    expect([response.status, await response.json()]).toMatchObject([410, { error: { code: 'SyncStateNotFound' } }]);
  });
});

it('what is not simulated is said, in the response and in the journal', async () => {
  const response = await raw('GET', '/events');
  expect([response.status, await response.json()]).toMatchObject([501, { error: { code: 'NotImplemented' } }]);
  expect(server.journal.at(-1)?.problem).toBe('The simulator does not know GET /v1.0/me/events.');
});
