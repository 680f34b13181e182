/** The Graph door of the simulator: every response not shaped by a fault must be allowed by Microsoft's description. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { checkedGraphFetch } from '../../graph/support/graph-schema.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const tagId = 'String {5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10} Name ForeignTag';
let server: ExchangeSimulator;
let clock: ManualClock;
let fetch: ReturnType<typeof checkedGraphFetch>;
let token: string;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 28));
  server = await startExchangeSimulator({
    clock,
    mailboxes: [{ address: alice, name: 'Alice', aliases: ['a.example@contoso.test'] }, bob],
    graph: { submitAfter: 1000, sendAfter: 2000, moveAfter: 3000 },
  });
  token = server.tokens.issue(alice);
  fetch = checkedGraphFetch(undefined, { checkAnswers: true });
});
afterEach(async () => {
  await server.close();
  expect(fetch.errors).toEqual([]);
});

/** The parts of responses that the tests read. */
interface Json extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly value: readonly Json[];
  readonly singleValueExtendedProperties?: readonly { readonly id: string; readonly value: string }[];
  readonly responses: readonly { readonly id: string; readonly status: number }[];
  readonly '@odata.nextLink'?: string;
}

interface Answered {
  readonly status: number;
  readonly json: Json;
  readonly headers: Headers;
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
  const response = await fetch(`${server.graphUrl}/v1.0${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: (text === '' ? undefined : JSON.parse(text)) as Json, headers: response.headers };
}

const none: Json = { id: '', value: [], responses: [] };

const send = (n = 1, more: object = {}): Promise<Answered> =>
  ask('POST', `/users/${alice}/sendMail`, {
    message: {
      subject: `Note ${n}`,
      body: { contentType: 'html', content: '<p>Hello</p>' },
      toRecipients: [{ emailAddress: { address: bob } }],
      singleValueExtendedProperties: [
        { id: tagId, value: `a:${n}` },
        { id: 'String 0x001a', value: 'IPM.Note.Microsoft.Missed' },
      ],
      ...more,
    },
  });
const query = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
const byTag = (value: string): string => `singleValueExtendedProperties/Any(ep: ep/id eq '${tagId}' and ep/value eq '${value}')`;
const list = async (folder: string, parameters: Readonly<Record<string, string>> = {}): Promise<readonly Json[]> =>
  (await ask('GET', `/users/${alice}/mailFolders/${folder}/messages?${query(parameters)}`)).json.value;

describe('sendMail', () => {
  it('stores in Drafts, returns 202 without a body, submits, sends, and moves to Sent Items with a new id', async () => {
    const sent = await send();
    expect([sent.status, sent.json, sent.headers.get('content-type')]).toEqual([202, undefined, null]);
    const expand = { $expand: "singleValueExtendedProperties($filter=id eq 'Integer 0x0E07')" };
    const [draft = none] = await list('drafts', expand);
    expect([draft.isDraft, draft.singleValueExtendedProperties]).toEqual([true, [{ id: 'Integer 0xe07', value: '41' }]]);
    await clock.advance(1000);
    const [submitted = none] = await list('drafts', expand);
    expect([submitted.id, submitted.singleValueExtendedProperties?.[0]?.value]).toEqual([draft.id, '45']);
    expect(server.mailbox(bob).folder('inbox').size).toBe(0);
    await clock.advance(1000);
    expect(
      server
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ itemClass, body }) => [itemClass, body.type]),
    ).toEqual([['IPM.Note.Microsoft.Missed', 'html']]);
    await clock.advance(1000);
    const [copy = none] = await list('sentitems');
    expect([copy.isDraft, copy.id === draft.id, await list('drafts')]).toEqual([false, false, []]);
  });

  it('does not send an item deleted from Drafts in time', async () => {
    await send();
    const [draft = none] = await list('drafts');
    expect((await ask('DELETE', `/users/${alice}/messages/${draft.id}`)).status).toBe(204);
    await clock.advance(10_000);
    expect(server.mailbox(bob).folder('inbox').size).toBe(0);
    expect(server.mailbox(alice).folder('recoverableitemsdeletions').size).toBe(1);
  });

  it.each([
    ['no recipient', { toRecipients: [] }, 400, 'ErrorMissingRecipients'],
    ['an invalid address', { toRecipients: [{ emailAddress: { address: 'nobody' } }] }, 400, 'ErrorInvalidRecipients'],
    ['another sender', { from: { emailAddress: { address: bob } } }, 403, 'ErrorSendAsDenied'],
    [
      'six headers',
      { internetMessageHeaders: Array.from({ length: 6 }, (_, n) => ({ name: `x-${n}`, value: 'v' })) },
      400,
      'InvalidInternetMessageHeaderCollection',
    ],
    [
      'a tag of named properties',
      { singleValueExtendedProperties: [{ id: 'String 0x8001', value: 'x' }] },
      400,
      'ErrorInvalidProperty',
    ],
    [
      'a class that is empty',
      { singleValueExtendedProperties: [{ id: 'String 0x001A', value: '' }] },
      400,
      'ErrorItemSavePropertyError',
    ],
  ])('refuses %s', async (_, more, status, code) => {
    expect(await send(1, more)).toMatchObject({ status, json: { error: { code } } });
  });
});

describe('searching', () => {
  beforeEach(async () => {
    for (let n = 1; n <= 12; n++) await send(n, n === 3 ? { internetMessageId: '<three@contoso.test>' } : {});
    await clock.advance(3000);
  });

  it('by property, its value compared case-insensitively; only expanded properties are returned, one at a time', async () => {
    const [plain = none] = await list('sentitems', { $filter: byTag('A:2') });
    expect([plain.subject, plain.singleValueExtendedProperties]).toEqual(['Note 2', undefined]);
    const one = { $filter: byTag('a:2'), $expand: `singleValueExtendedProperties($filter=id eq '${tagId}')`, $select: 'subject' };
    expect((await list('sentitems', one))[0]?.singleValueExtendedProperties).toEqual([{ id: tagId, value: 'a:2' }]);
    const two = { ...one, $expand: `singleValueExtendedProperties($filter=id eq '${tagId}' or id eq 'Integer 0x0E07')` };
    expect((await list('sentitems', two))[0]?.singleValueExtendedProperties).toBeUndefined();
    expect(await list('sentitems', { $filter: byTag('a:2').replace('ForeignTag', 'foreigntag') })).toEqual([]);
  });

  it.each([
    ["internetMessageId eq '<three@contoso.test>'", 1],
    ["subject eq 'note 4' or contains(subject,'12')", 2],
    ["isDraft eq false and not (subject eq 'Note 1')", 11],
    ['receivedDateTime ge 2026-11-28T00:00:00Z', 12],
    ['receivedDateTime lt 2026-11-28T00:00:00Z', 0],
    ["startswith(subject, 'Note 1')", 4],
  ])('by %s', async ($filter, count) => {
    expect(await list('sentitems', { $filter, $top: '50' })).toHaveLength(count);
  });

  it('in pages of ten, or as requested, each with a link to the next', async () => {
    let path = `/users/${alice}/mailFolders/sentitems/messages?$select=subject`;
    const sizes: number[] = [];
    for (;;) {
      const { json } = await ask('GET', path);
      sizes.push(json.value.length);
      const next = json['@odata.nextLink'];
      if (next === undefined) break;
      path = next.slice(`${server.graphUrl}/v1.0`.length);
    }
    expect(sizes).toEqual([10, 2]);
  });

  it.each([
    [
      'an order that the filter does not begin with',
      { $filter: "subject eq 'x'", $orderby: 'receivedDateTime' },
      'InefficientFilter',
    ],
    ['an invalid filter', { $filter: 'subject eq' }, 'BadRequest'],
    ['an unknown property', { $select: '__proto__' }, 'BadRequest'],
    ['too large a page', { $top: '1001' }, 'BadRequest'],
  ])('refuses %s', async (_, parameters, code) => {
    const answer = await ask('GET', `/users/${alice}/messages?${query(parameters)}`);
    expect(answer).toMatchObject({ status: 400, json: { error: { code } } });
  });

  it('one message, moved and gone', async () => {
    const [first = none] = await list('sentitems', { $filter: byTag('a:1') });
    expect((await ask('GET', `/users/${alice}/messages/${first.id}`)).json.subject).toBe('Note 1');
    const moved = await ask('POST', `/users/${alice}/messages/${first.id}/move`, { destinationId: 'deleteditems' });
    expect([moved.status, moved.json.id === first.id]).toEqual([201, false]);
    expect(await ask('GET', `/users/${alice}/messages/${first.id}`)).toMatchObject({
      status: 404,
      json: { error: { code: 'ErrorItemNotFound' } },
    });
    expect((await ask('GET', `/users/${alice}/mailFolders/DeletedItems`)).json).toMatchObject({
      displayName: 'Deleted Items',
      totalItemCount: 1,
    });
    expect((await ask('GET', `/users/${alice}/mailFolders/nowhere`)).status).toBe(404);
    const folders = (await ask('GET', `/users/${alice}/mailFolders`)).json.value.map(({ displayName }) => displayName);
    // Those for appointments, contacts and tasks are other resources.
    expect(folders.join()).toBe('Inbox,Drafts,Outbox,Sent Items,Deleted Items,Junk Email,Conversation History');
  });
});

describe('access', () => {
  it('by id and by principal name, but not by alias', async () => {
    const { json } = await ask('GET', `/users/${alice}`);
    expect((await ask('GET', `/users/${json.id}`)).json.userPrincipalName).toBe(alice);
    expect(await ask('GET', '/users/a.example@contoso.test')).toMatchObject({
      status: 404,
      json: { error: { code: 'Request_ResourceNotFound' } },
    });
    expect(await ask('GET', '/users/a.example@contoso.test/messages')).toMatchObject({
      status: 404,
      json: { error: { code: 'ErrorInvalidUser' } },
    });
  });

  it('with an invalid token, one without permission, or one of another user is refused', async () => {
    token = 'x';
    expect(await ask('GET', `/users/${alice}/messages`)).toMatchObject({
      status: 401,
      json: { error: { code: 'InvalidAuthenticationToken' } },
    });
    token = server.tokens.issue(alice, { permissions: ['Mail.Send'] });
    expect((await send()).status).toBe(202);
    expect(await ask('GET', `/users/${alice}/messages`)).toMatchObject({
      status: 403,
      json: { error: { code: 'ErrorAccessDenied' } },
    });
    token = server.tokens.issue(bob);
    expect((await ask('GET', `/users/${alice}/messages`)).status).toBe(403);
  });

  it('to a mailbox that is on-premises or being moved is refused', async () => {
    server.moveMailbox(alice, 'on-premises', { during: 5000 });
    expect((await ask('GET', `/users/${alice}/messages`)).status).toBe(503);
    await clock.advance(5000);
    expect(await ask('GET', `/users/${alice}/messages`)).toMatchObject({
      status: 404,
      json: { error: { code: 'MailboxNotEnabledForRESTAPI' } },
    });
  });

  it('by a fifth request of a mailbox at a time is refused', async () => {
    server.faults.on('listMessages').delay(1000);
    const ways = [`/users/${alice}/messages`, `/users/${alice.toUpperCase()}/messages`];
    const asked = Array.from({ length: 5 }, (_, n) => ask('GET', ways[n % 2] ?? ''));
    let answered = 0;
    for (const one of asked) one.finally(() => answered++);
    // All five have arrived: delayed, or already refused.
    await expect.poll(() => clock.pending + answered).toBeGreaterThanOrEqual(5);
    await clock.advance(1000);
    const statuses = (await Promise.all(asked)).map(({ status, headers }) => [status, headers.get('retry-after')]);
    expect(statuses.sort()).toEqual([...Array(4).fill([200, null]), [429, '1']]);
  });
});

it('$batch: parts by id, one after the other, and 424 after one that failed', async () => {
  const url = `/users/${alice}/mailFolders`;
  const requests = [
    { id: 'a', method: 'GET', url: `${url}/drafts` },
    { id: 'b', method: 'GET', url: `${url}/nowhere`, dependsOn: ['a'] },
    { id: 'c', method: 'GET', url: `${url}/inbox`, dependsOn: ['b'] },
  ];
  const { json } = await ask('POST', '/$batch', { requests });
  expect(json.responses.map(({ id, status }) => [id, status])).toEqual([
    ['a', 200],
    ['b', 404],
    ['c', 424],
  ]);
  server.faults.on('batch').parts('shuffled');
  expect((await ask('POST', '/$batch', { requests })).json.responses[0]?.id).toBe('c');
});
