/** Lists of the Graph door, asked as clients other than the library do: nothing of a query is ignored in silence. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';

const alice = 'alice@contoso.test';
let server: ExchangeSimulator;

beforeEach(async () => {
  server = await startExchangeSimulator({ mailboxes: [alice, 'bob@contoso.test'] });
  const categories = '<t:Categories><t:String>Red</t:String></t:Categories>';
  server.seed({
    [alice]: {
      inbox: [
        { subject: 'Alpha', from: { address: 'bob@contoso.test', name: 'Bob' }, importance: 'High', isRead: true },
        { subject: 'Beta', from: 'carol@fabrikam.test', to: ['team@contoso.test'], body: 'a pizza' },
        {
          subject: 'Gamma',
          from: 'bob@contoso.test',
          attachments: [{ name: 'a', content: 'YQ==' }],
          fields: { Categories: categories },
        },
      ],
      contacts: [{ kind: 'Contact', itemClass: 'IPM.Contact', subject: 'No message' }],
    },
  });
});
afterEach(() => server.close());

interface Listed {
  readonly value: readonly Readonly<Record<string, string>>[];
  readonly '@odata.count'?: number;
  readonly '@odata.nextLink'?: string;
  readonly error?: { readonly code: string };
}

async function ask(method: string, path: string, body?: object): Promise<Response> {
  return fetch(path.startsWith('http') ? path : `${server.graphUrl}/v1.0${path}`, {
    method,
    headers: { authorization: `Bearer ${server.tokens.issue(alice)}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const query = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters)}`;
const list = async (path: string, parameters: Readonly<Record<string, string>> = {}): Promise<Listed> =>
  (await (await ask('GET', `${path}${query(parameters)}`)).json()) as Listed;
const messages = async (parameters: Readonly<Record<string, string>>): Promise<readonly unknown[]> =>
  (await list('/me/messages', parameters)).value.map(({ subject }) => subject).sort();

describe('messages', () => {
  it.each([
    ["from/emailAddress/address eq 'bob@contoso.test'", ['Alpha', 'Gamma']],
    ["From/EmailAddress/Name eq 'Bob'", ['Alpha']],
    ["toRecipients/any(r: r/emailAddress/address eq 'team@contoso.test')", ['Beta']],
    ["categories/any(c:c eq 'red')", ['Gamma']],
    ['hasAttachments eq true', ['Gamma']],
    ['not hasAttachments and isRead', ['Alpha']],
    ["importance in ('high', 'low')", ['Alpha']],
    ["endswith(from/emailAddress/address,'@fabrikam.test')", ['Beta']],
    ["flag/flagStatus ne 'notFlagged'", []],
    ['receivedDateTime ge 2020-01-01', ['Alpha', 'Beta', 'Gamma']],
    ['receivedDateTime lt 2020-01-01', []],
    [
      "singleValueExtendedProperties/any(ep: ep/id eq 'Integer 0x0E08' and cast(ep/value, Edm.Int32) lt 10000)",
      ['Alpha', 'Beta', 'Gamma'],
    ],
    ["singleValueExtendedProperties/any(ep: ep/id eq 'String 0x0070' and ep/value eq 'beta')", ['Beta']],
  ])('are filtered by %s', async ($filter, subjects) => {
    expect(await messages({ $filter })).toEqual(subjects);
  });

  it.each([
    ['"pizza"', ['Beta']],
    ['"subject:alpha"', ['Alpha']],
    ['from:bob', ['Alpha', 'Gamma']],
    ['"hasAttachments:true"', ['Gamma']],
    ['"received>=2020-01-01"', ['Alpha', 'Beta', 'Gamma']],
  ])('are searched by %s', async ($search, subjects) => {
    expect(await messages({ $search })).toEqual(subjects);
  });

  it('are ordered by several properties', async () => {
    const $orderby = 'from/emailAddress/address desc,subject desc';
    expect((await list('/me/messages', { $orderby })).value.map(({ subject }) => subject)).toEqual(['Beta', 'Gamma', 'Alpha']);
  });

  it('are counted', async () => {
    expect(await (await ask('GET', '/me/messages/$count')).text()).toBe('3');
    expect((await list('/me/messages', { $count: 'true', $top: '1' }))['@odata.count']).toBe(3);
  });

  it.each([
    [{ $search: 'x', $filter: 'isRead eq true' }, 'SearchWithFilter'],
    [{ $search: 'x', $orderby: 'subject' }, 'SearchWithOrderBy'],
    [{ $apply: 'groupby((subject))' }, 'BadRequest'],
    [{ $filter: "subject is 'x'" }, 'BadRequest'],
    [{ $expand: 'extensions' }, 'BadRequest'],
  ])('are not listed for %j', async (parameters, code) => {
    expect((await list('/me/messages', parameters)).error?.code).toBe(code);
  });

  it('lie at addresses with keys in parentheses, and below folders of folders', async () => {
    expect((await list(`/users('${alice}')/mailFolders('inbox')/messages`)).value).toHaveLength(3);
    expect((await list('/me/mailFolders/msgfolderroot/childFolders/inbox/messages')).value).toHaveLength(3);
  });

  it('come in parts of a batch, what is no JSON in base64', async () => {
    const [item] = server.mailbox(alice).folder('inbox').items;
    const requests = [
      { id: '1', method: 'GET', url: `/me/messages/${item?.id}/$value` },
      {
        id: '2',
        method: 'PATCH',
        url: `/me/messages/${item?.id}`,
        headers: { 'Content-Type': 'application/json' },
        body: { isRead: false },
      },
    ];
    const { responses } = (await (await ask('POST', '/$batch', { requests })).json()) as {
      responses: readonly { id: string; status: number; body: unknown }[];
    };
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect(atob(String(responses[0]?.body))).toContain('Subject: Alpha');
    expect(server.mailbox(alice).folder('inbox').unread).toBe(3);
  });
});

describe('folders', () => {
  it('are found by name, and only those for mail', async () => {
    const found = await list('/me/mailFolders', { $filter: "DisplayName eq 'deleted items'", $select: 'displayName' });
    expect(found.value).toEqual([{ id: expect.any(String), displayName: 'Deleted Items' }]);
    expect((await list('/me/mailFolders', { $filter: "displayName eq 'Projects'" })).value).toEqual([]);
    expect(
      (await list('/me/mailFolders', { $filter: 'totalItemCount gt 2' })).value.map(({ displayName }) => displayName),
    ).toEqual(['Inbox']);
    expect((await list('/me/mailFolders', { $filter: "displayName eq 'Calendar'" })).value).toEqual([]);
  });

  it('come in pages that keep the query', async () => {
    const names: unknown[] = [];
    let page = await list('/me/mailFolders', { $orderby: 'displayName', $top: '3', $count: 'true' });
    for (;;) {
      names.push(...page.value.map(({ displayName }) => displayName));
      const next = page['@odata.nextLink'];
      if (next === undefined) break;
      page = (await (await ask('GET', next)).json()) as Listed;
    }
    expect(names).toEqual([...names].sort());
    expect([names.length, page['@odata.count']]).toEqual([7, 7]);
  });

  it('are created, renamed, moved, copied and deleted', async () => {
    const created = (await (await ask('POST', '/me/mailFolders', { displayName: 'Projects' })).json()) as { id: string };
    const child = await ask('POST', `/me/mailFolders/${created.id}/childFolders`, { displayName: 'One' });
    const { id } = (await child.json()) as { id: string };
    expect((await ask('POST', '/me/mailFolders', { displayName: 'projects' })).status).toBe(409);
    expect((await ask('PATCH', `/me/mailFolders/${id}`, { displayName: 'Two' })).status).toBe(200);
    expect((await ask('POST', `/me/mailFolders/${id}/copy`, { destinationId: 'inbox' })).status).toBe(201);
    expect((await ask('POST', `/me/mailFolders/${created.id}/move`, { destinationId: id })).status).toBe(400);
    expect((await ask('DELETE', `/me/mailFolders/${created.id}`)).status).toBe(204);
    expect((await list('/me/mailFolders/deleteditems/childFolders')).value.map(({ displayName }) => displayName)).toEqual([
      'Projects',
    ]);
    expect((await ask('DELETE', '/me/mailFolders/inbox')).status).toBe(403);
    expect((await list('/me/mailFolders/inbox/childFolders')).value.map(({ displayName }) => displayName)).toEqual(['Two']);
  });
});

it('users are found by address and alias; they are counted and searched only with ConsistencyLevel', async () => {
  await server.close();
  server = await startExchangeSimulator({
    mailboxes: [{ address: alice, aliases: ['a.example@contoso.test'] }, 'bob@contoso.test'],
  });
  const byAlias = { $filter: "proxyAddresses/any(p:p eq 'smtp:a.example@contoso.test')", $select: 'userPrincipalName' };
  expect((await list('/users', byAlias)).value).toEqual([{ userPrincipalName: alice }]);
  expect((await list('/users', { $filter: "startswith(mail,'bob')" })).value).toHaveLength(1);
  const first = await list('/users', { $top: '1', $orderby: 'displayName' });
  expect(((await (await ask('GET', first['@odata.nextLink'] ?? '')).json()) as Listed).value[0]?.mail).toBe('bob@contoso.test');
  expect((await list('/users', { $search: '"mail:bob"' })).error?.code).toBe('Request_UnsupportedQuery');
  const headers = { authorization: `Bearer ${server.tokens.issue(alice)}`, consistencylevel: 'eventual' };
  const found = await fetch(`${server.graphUrl}/v1.0/users${query({ $search: '"mail:bob"', $count: 'true' })}`, { headers });
  expect(await found.json()).toMatchObject({ '@odata.count': 1, value: [{ mail: 'bob@contoso.test' }] });
  expect(await (await fetch(`${server.graphUrl}/v1.0/users/$count`, { headers })).text()).toBe('2');
});

it.each([
  ['POST', '/messages', { subject: 'x' }],
  ['POST', '/mailFolders', { displayName: 'x' }],
  ['DELETE', '/mailFolders/inbox', undefined],
])('%s %s needs Mail.ReadWrite', async (method, path, body) => {
  const token = server.tokens.issue(alice, { permissions: ['Mail.Read', 'Mail.Send'] });
  const response = await fetch(`${server.graphUrl}/v1.0/me${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(403);
});
