/** The Graph door, asked what no client should ask: an error of Graph's and a line in the journal, never a crash, a hang, or half of what was meant. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
let server: ExchangeSimulator;

beforeEach(async () => {
  server = await startExchangeSimulator({ mailboxes: [alice, bob], graph: { mailboxConcurrency: 10 } });
});
afterEach(() => server.close());

interface Answer {
  readonly id: string;
  readonly value: readonly Readonly<Record<string, string>>[];
  readonly responses: readonly { readonly status: number }[];
  readonly error?: { readonly code: string; readonly message: string };
}

async function raw(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.graphUrl}/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${server.tokens.issue(alice)}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

async function ask(method: string, path: string, body?: unknown): Promise<readonly [number, Answer]> {
  const response = await raw(method, path, body);
  const text = await response.text();
  return [response.status, (text === '' ? {} : JSON.parse(text)) as Answer];
}

/** Neither text nor number. */
const odd = { toString: 1, valueOf: 1 };

describe('a value of another type than the schema gives it', () => {
  it.each([
    ['a subject', { subject: odd }],
    ['a number for a subject', { subject: 5 }],
    ['an importance', { importance: odd }],
    ['a type of body', { body: { contentType: odd, content: 'x' } }],
    ['a body', { body: 'Hello' }],
    ['a flag', { flag: { flagStatus: odd } }],
    ['a date of a flag', { flag: { flagStatus: 'flagged', dueDateTime: { dateTime: 5 } } }],
    ['a focus', { inferenceClassification: odd }],
    ['a type of attachment', { attachments: [{ '@odata.type': odd }] }],
    ['properties', { singleValueExtendedProperties: 'x' }],
    ['a Message-ID', { internetMessageId: 5 }],
    ['a name', { toRecipients: [{ emailAddress: { address: bob, name: 5 } }] }],
    ['a name of a header', { internetMessageHeaders: [{ name: odd, value: 'x' }] }],
    ['a mark', { isRead: 'yes' }],
  ])('is refused: %s', async (_, body) => {
    const [status, { error }] = await ask('POST', '/me/messages', body);
    expect([status, error?.code, server.mailbox(alice).folder('drafts').size]).toEqual([400, 'RequestBodyRead', 0]);
    expect(server.journal.at(-1)).toMatchObject({ operation: 'createMessage', status: 400 });
  });

  it.each([
    ['a header', { headers: { prefer: odd } }],
    ['a dependency', { dependsOn: [odd] }],
  ])('is refused in a batch: %s', async (_, part) => {
    const [status, { error }] = await ask('POST', '/$batch', { requests: [{ id: '1', method: 'GET', url: '/me', ...part }] });
    expect([status, error?.code]).toEqual([400, 'BadRequest']);
  });
});

describe('what is nested, or as long, as nobody means it', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const part = (url: string): object => ({ requests: [{ id: '1', method: 'GET', url }] });

  it('is refused in JSON, in a batch too', async () => {
    const inBatch = `{"requests":[{"id":"1","method":"POST","url":"/me/messages","headers":{"content-type":"application/json"},"body":${deep}}]}`;
    for (const [path, body] of [
      ['/me/messages', deep],
      ['/$batch', inBatch],
    ] as const) {
      const [status, { error }] = await ask('POST', path, body);
      expect([status, error?.code]).toEqual([400, 'RequestBodyRead']);
    }
  });

  it.each([
    ['parentheses', '('.repeat(5000)],
    ['negations', `${'not '.repeat(2000)}isRead`],
    ['conditions', `${'isRead or '.repeat(1500)}isRead`],
    ['open quotes', `subject eq ${"'".repeat(5001)}`],
  ])('is refused in a filter: %s', async (_, filter) => {
    const [, { responses }] = await ask('POST', '/$batch', part(`/me/messages?$filter=${filter}`));
    expect(responses[0]?.status).toBe(400);
  });

  it('is refused in an address', async () => {
    const long = `/me/messages?$expand=${'('.repeat(400_000)}`;
    const [, { responses }] = await ask('POST', '/$batch', part(long));
    expect(responses[0]?.status).toBe(414);
    expect((await ask('GET', `/me/messages?$expand=${'('.repeat(100)}`))[0]).toBe(400);
  });

  it('costs nothing in a header', async () => {
    const requests = [{ id: '1', method: 'GET', url: '/me/messages', headers: { prefer: 'a'.repeat(500_000) } }];
    expect((await ask('POST', '/$batch', { requests }))[1].responses[0]?.status).toBe(200);
  });
});

it.each([
  ['a word without quotes', 'subject eq One'],
  ['a property for a value', 'subject eq bodyPreview'],
  ['a time that is none', 'receivedDateTime ge 2026-13-45T00:00:00Z'],
])('a filter by %s is refused, not answered with nothing', async (_, $filter) => {
  const [status, { error }] = await ask('GET', `/me/messages?${new URLSearchParams({ $filter })}`);
  expect([status, error?.code]).toEqual([400, 'BadRequest']);
});

it('names of query options are read in any case, not ignored', async () => {
  server.seed({ [alice]: { inbox: [{ subject: 'One' }, { subject: 'Two' }, { subject: 'Three' }] } });
  const [, { value }] = await ask('GET', '/me/messages?$Top=2&$SELECT=subject&$orderBy=subject');
  expect(value.map(({ subject, body }) => [subject, body])).toEqual([
    ['One', undefined],
    ['Three', undefined],
  ]);
});

it('message flags of another type leave a draft a draft, at both doors', async () => {
  const text = { id: 'String 0x0E07', value: 'sent' };
  const [, { id }] = await ask('POST', '/me/messages', { subject: 'Flags', singleValueExtendedProperties: [text] });
  expect((await ask('PATCH', `/me/messages/${id}`, { singleValueExtendedProperties: [text] }))[0]).toBe(200);
  const uri = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="String"/>';
  const create = `<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:Subject>F</t:Subject><t:ExtendedProperty>${uri}<t:Value>sent</t:Value></t:ExtendedProperty></t:Message></m:Items></m:CreateItem>`;
  expect((await call(server.url, create)).codes).toEqual(['NoError']);
  const flags = server.mailbox(alice).folder('drafts').items;
  expect(flags.map(({ isDraft, messageFlags }) => [isDraft, messageFlags])).toEqual(Array(2).fill([true, 41]));
});

it('a Message-ID, a Content-ID, an address and a type in another script are read at both doors', async () => {
  const messageId = '<日本@例え.test>';
  const [, { id }] = await ask('POST', '/me/messages', {
    internetMessageId: messageId,
    toRecipients: [{ emailAddress: { address: '用户@例え.test' } }],
    attachments: [
      {
        '@odata.type': '#microsoft.graph.fileAttachment',
        name: 'a',
        contentType: 'text/plain; name="日本"',
        contentId: '日本',
        contentBytes: btoa('text'),
      },
    ],
  });
  const source = await (await raw('GET', `/me/messages/${id}/$value`)).text();
  expect(source).toContain(`Message-ID: ${messageId}\r\n`);
  expect(source).toContain('To: <用户@例え.test>\r\n');
  expect(source).toContain('Content-ID: <日本>\r\n');
  const shape = '<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>';
  const get = `<m:GetItem>${shape}<m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`;
  const mime = /<t:MimeContent[^>]*>([^<]+)</.exec((await call(server.url, get)).text)?.[1] ?? '';
  expect(Buffer.from(mime, 'base64').toString()).toBe(source);
  const [, { value }] = await ask('GET', `/me/messages/${id}/attachments`);
  const file = await raw('GET', `/me/messages/${id}/attachments/${value[0]?.id}/$value`);
  expect([file.status, file.headers.get('content-type'), await file.text()]).toEqual([200, 'application/octet-stream', 'text']);
});

describe('a folder', () => {
  it('is not copied beside itself, at either door', async () => {
    const [, { id }] = await ask('POST', '/me/mailFolders', { displayName: 'Project' });
    const to = { destinationId: 'msgfolderroot' };
    expect((await ask('POST', `/me/mailFolders/${id}/copy`, to))[0]).toBe(409);
    expect((await ask('POST', '/me/mailFolders/inbox/copy', to))[0]).toBe(409);
    const copy = `<m:CopyFolder><m:ToFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:ToFolderId><m:FolderIds><t:FolderId Id="${id}"/></m:FolderIds></m:CopyFolder>`;
    expect((await call(server.url, copy)).codes).toEqual(['ErrorFolderExists']);
    expect((await ask('POST', `/me/mailFolders/${id}/copy`, { destinationId: 'inbox' }))[0]).toBe(201);
  });

  it('that may not be read is neither shown, listed, filled, copied nor moved to', async () => {
    const closed = server.mailbox(alice).createFolder(server.mailbox(alice).folder('msgfolderroot'), 'Closed');
    closed.readable = false;
    const { id } = server.mailbox(alice).store('inbox', { subject: 'One' });
    const path = `/me/mailFolders/${closed.id}`;
    const asked = [
      ask('GET', path),
      ask('GET', `${path}/childFolders`),
      ask('GET', `${path}/messages/delta`),
      ask('POST', `${path}/messages`, { subject: 'Two' }),
      ask('POST', `${path}/copy`, { destinationId: 'inbox' }),
      ask('POST', `/me/messages/${id}/move`, { destinationId: closed.id }),
    ];
    expect((await Promise.all(asked)).map(([status, { error }]) => [status, error?.code])).toEqual(
      Array(asked.length).fill([403, 'ErrorAccessDenied']),
    );
    expect([closed.size, server.mailbox(alice).folder('inbox').size]).toEqual([0, 1]);
  });

  it('that would search is not made as one that does not', async () => {
    const search = { '@odata.type': 'microsoft.graph.mailSearchFolder', displayName: 'Found', filterQuery: 'isRead' };
    expect((await ask('POST', '/me/mailFolders', search))[0]).toBe(501);
    expect(server.mailbox(alice).findFolder('Found')).toBeUndefined();
  });
});

it('a message that was deleted for good is found by no id, not by its immutable one', async () => {
  const { id } = server.mailbox(alice).store('inbox', { subject: 'One' });
  const immutable = { prefer: 'IdType="ImmutableId"' };
  const read = (await (await raw('GET', `/me/messages/${id}`, undefined, immutable)).json()) as Answer;
  expect((await ask('POST', `/me/messages/${read.id}/permanentDelete`))[0]).toBe(204);
  expect((await raw('GET', `/me/messages/${read.id}`, undefined, immutable)).status).toBe(404);
  expect((await raw('DELETE', `/me/messages/${read.id}`, undefined, immutable)).status).toBe(404);
});
