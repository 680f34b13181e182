/** What clients rely on beyond NoError: each was once silently wrong, or is a step of a recorded client. */
import { describe, expect, it } from 'vitest';
import { messagesNs, typesNs } from '../../../src/ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../src/ews/xml/read.ts';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { call, type RawAnswer } from '../support/raw-ews.ts';

const start = (options = {}) =>
  startExchangeSimulator({ mailboxes: ['alice@contoso.test', { address: 'bob@contoso.test', name: 'Bob Builder' }], ...options });
const inbox = (exchange: ExchangeSimulator) => exchange.mailbox('alice@contoso.test').folder('inbox');
const mail = (exchange: ExchangeSimulator, subject: string, more = {}) =>
  exchange.mailbox('alice@contoso.test').store('inbox', { subject, from: 'bob@contoso.test', ...more });

const find = (exchange: ExchangeSimulator, inner: string, more = '') =>
  call(
    exchange.url,
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/>' +
      `</t:AdditionalProperties></m:ItemShape>${more}${inner}<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>`,
  );
const subjects = (answer: RawAnswer): (string | undefined)[] =>
  childrenOf(child(child(answer.messages[0], messagesNs, 'RootFolder'), typesNs, 'Items'), typesNs, 'Message').map((item) =>
    textOf(item, typesNs, 'Subject'),
  );
const compare = (name: string, path: string, value: string) =>
  `<m:Restriction><t:${name}><t:FieldURI FieldURI="${path}"/><t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:${name}></m:Restriction>`;
const get = (exchange: ExchangeSimulator, id: string, shape: string) =>
  call(exchange.url, `<m:GetItem><m:ItemShape>${shape}</m:ItemShape><m:ItemIds><t:ItemId Id="${id}"/></m:ItemIds></m:GetItem>`);
const first = (answer: RawAnswer) => child(answer.messages[0], messagesNs, 'Items')?.children[0];

describe('restrictions compare by type', () => {
  it.each(['0', 'false'])('IsRead equal to %s finds unread items', async (value) => {
    await using exchange = await start();
    exchange.mailbox('alice@contoso.test').store('inbox', { subject: 'read' }, { messageFlags: 1 });
    mail(exchange, 'unread');
    expect(subjects(await find(exchange, compare('IsEqualTo', 'message:IsRead', value)))).toEqual(['unread']);
  });

  it('dates compare as points in time, in any zone', async () => {
    const clock = new ManualClock(new Date(Date.UTC(2026, 0, 1)));
    await using exchange = await start({ clock });
    mail(exchange, 'old');
    await clock.advance(3_600_000);
    mail(exchange, 'new');
    const later = (value: string) => find(exchange, compare('IsGreaterThan', 'item:DateTimeReceived', value));
    expect(subjects(await later('2026-01-01T00:30:00Z'))).toEqual(['new']);
    expect(subjects(await later('2026-01-01T02:30:00+02:00'))).toEqual(['new']);
    expect(
      subjects(await find(exchange, compare('IsLessThanOrEqualTo', 'item:DateTimeReceived', '2026-01-01T01:00:00Z'))),
    ).toEqual(['old', 'new']);
  });

  it('numbers compare as numbers: 9 is less than 10', async () => {
    await using exchange = await start();
    mail(exchange, 'long', { body: 'x'.repeat(9_000) });
    mail(exchange, 'short');
    expect(subjects(await find(exchange, compare('IsGreaterThan', 'item:Size', '1000')))).toEqual(['long']);
  });

  it('Excludes compares bits', async () => {
    await using exchange = await start();
    mail(exchange, 'unread');
    exchange.mailbox('alice@contoso.test').store('inbox', { subject: 'read' }, { messageFlags: 1 });
    const path = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';
    const excludes = `<m:Restriction><t:Excludes>${path}<t:Bitmask Value="0x1"/></t:Excludes></m:Restriction>`;
    expect(subjects(await find(exchange, excludes))).toEqual(['unread']);
  });
});

describe('FindItem', () => {
  it('follows a query string, and refuses one it does not understand with a sentence', async () => {
    await using exchange = await start();
    mail(exchange, 'Quarterly report');
    mail(exchange, 'Lunch', { body: 'a report too' });
    const asked = (query: string) =>
      call(
        exchange.url,
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>' +
          `<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds><m:QueryString>${query}</m:QueryString></m:FindItem>`,
      );
    expect(subjects(await asked('subject:report'))).toEqual(['Quarterly report']);
    expect(subjects(await asked('report'))).toEqual(['Quarterly report', 'Lunch']);
    expect(subjects(await asked('report -subject:lunch'))).toEqual(['Quarterly report']);
    expect((await asked('received:today')).fault).toBe('ErrorInvalidArgument');
  });

  it('groups as requested', async () => {
    await using exchange = await start();
    for (const from of ['bob@contoso.test', 'carol@contoso.test', 'bob@contoso.test']) mail(exchange, 'x', { from });
    const groupBy =
      '<m:GroupBy Order="Ascending"><t:FieldURI FieldURI="message:From"/><t:AggregateOn Aggregate="Maximum"><t:FieldURI FieldURI="item:DateTimeReceived"/></t:AggregateOn></m:GroupBy>';
    const answer = await find(exchange, groupBy);
    const groups = childrenOf(
      child(child(answer.messages[0], messagesNs, 'RootFolder'), typesNs, 'Groups'),
      typesNs,
      'GroupedItems',
    );
    expect(groups.map((group) => child(group, typesNs, 'Items')?.children.length)).toEqual([2, 1]);
  });
});

describe('MIME', () => {
  const source =
    'From: "Alice" <alice@contoso.test>\r\nTo: bob@contoso.test\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\nMessage-ID: <m1@contoso.test>\r\n' +
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n' +
    '--b\r\nContent-Type: text/plain; name="a.txt"\r\nContent-Disposition: attachment; filename="a.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\nYWJj\r\n--b--\r\n';

  it('a message sent as MIME arrives with its subject, body and attachment', async () => {
    await using exchange = await start();
    const answer = await call(
      exchange.url,
      `<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message><t:MimeContent>${btoa(source)}</t:MimeContent></t:Message></m:Items></m:CreateItem>`,
    );
    expect(answer.codes).toEqual(['NoError']);
    const item = await exchange.waitForMessage((one) => one.mailbox === 'bob@contoso.test');
    expect([item.subject, item.body.content, item.internetMessageId]).toEqual(['Grüße', 'hello', '<m1@contoso.test>']);
    expect(item.attachments.map(({ name, content }) => [name, content])).toEqual([['a.txt', 'YWJj']]);
  });

  it('returns MIME of any message: the original, or composed from its properties', async () => {
    await using exchange = await start();
    const item = mail(exchange, 'Grüße 😀', { body: { type: 'html', content: '<p>über</p>' }, to: ['alice@contoso.test'] });
    const answer = await get(
      exchange,
      item.id,
      '<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>',
    );
    const { default: PostalMime } = await import('postal-mime');
    const bytes = Buffer.from(textOf(first(answer), typesNs, 'MimeContent') ?? '', 'base64');
    const parsed = await PostalMime.parse(bytes);
    expect([parsed.subject, parsed.html?.trim(), parsed.from?.address]).toEqual(['Grüße 😀', '<p>über</p>', 'bob@contoso.test']);
  });
});

describe('UpdateItem', () => {
  const update = (exchange: ExchangeSimulator, id: string, updates: string, more = '') =>
    call(
      exchange.url,
      `<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly"${more}><m:ItemChanges><t:ItemChange><t:ItemId Id="${id}"/>` +
        `<t:Updates>${updates}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>`,
    );
  const set = (path: string, xml: string) =>
    `<t:SetItemField><t:FieldURI FieldURI="${path}"/><t:Message>${xml}</t:Message></t:SetItemField>`;

  it('sets, appends and deletes; the id stays, the change key changes', async () => {
    await using exchange = await start();
    const item = mail(exchange, 'before', { body: 'one' });
    const key = item.changeKey;
    const append =
      '<t:AppendToItemField><t:FieldURI FieldURI="item:Body"/><t:Message><t:Body BodyType="Text">, two</t:Body></t:Message></t:AppendToItemField>';
    const answer = await update(
      exchange,
      item.id,
      set('item:Subject', '<t:Subject>after</t:Subject>') +
        append +
        set('item:Categories', '<t:Categories><t:String>Red</t:String></t:Categories>') +
        set('message:IsRead', '<t:IsRead>true</t:IsRead>'),
    );
    expect(answer.codes).toEqual(['NoError']);
    const [now] = inbox(exchange).items;
    expect([now?.id, now?.subject, now?.body.content, now?.isRead]).toEqual([item.id, 'after', 'one, two', true]);
    expect(now?.changeKey).not.toBe(key);
    await update(exchange, item.id, '<t:DeleteItemField><t:FieldURI FieldURI="item:Categories"/></t:DeleteItemField>');
    expect(inbox(exchange).items[0]?.content.fields?.has('Categories')).toBe(false);
    expect(inbox(exchange).unread).toBe(0);
  });

  it('changes nothing if one of several updates is invalid', async () => {
    await using exchange = await start();
    const item = mail(exchange, 'before');
    const answer = await update(
      exchange,
      item.id,
      set('item:Subject', '<t:Subject>after</t:Subject>') + set('item:Size', '<t:Size>1</t:Size>'),
    );
    expect(answer.codes).toEqual(['ErrorInvalidPropertySet']);
    expect(inbox(exchange).items[0]?.subject).toBe('before');
  });
});

describe('synchronisation', () => {
  const sync = async (exchange: ExchangeSimulator, state?: string, most = 512) => {
    const answer = await call(
      exchange.url,
      '<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>' +
        `${state === undefined ? '' : `<m:SyncState>${state}</m:SyncState>`}<m:MaxChangesReturned>${most}</m:MaxChangesReturned></m:SyncFolderItems>`,
    );
    const [message] = answer.messages;
    return {
      state: textOf(message, messagesNs, 'SyncState') ?? '',
      last: textOf(message, messagesNs, 'IncludesLastItemInRange'),
      changes: (child(message, messagesNs, 'Changes')?.children ?? []).map(({ name }) => name),
    };
  };

  it('reports existing items in pages, then changes since', async () => {
    await using exchange = await start();
    const items = ['a', 'b', 'c'].map((subject) => mail(exchange, subject));
    const one = await sync(exchange, undefined, 2);
    expect([one.changes, one.last]).toEqual([['Create', 'Create'], 'false']);
    const two = await sync(exchange, one.state, 2);
    expect([two.changes, two.last]).toEqual([['Create'], 'true']);
    const alice = exchange.mailbox('alice@contoso.test');
    const [a, b, c] = items;
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were stored');
    alice.update(a, { messageFlags: 1 });
    alice.move(b, 'deleteditems');
    alice.update(c, { content: { ...c.content, subject: 'changed' } });
    mail(exchange, 'd');
    const gone = mail(exchange, 'come and gone');
    alice.remove(gone);
    const three = await sync(exchange, two.state);
    expect([...three.changes].sort()).toEqual(['Create', 'Delete', 'ReadFlagChange', 'Update']);
    expect((await sync(exchange, three.state)).changes).toEqual([]);
  });

  it('refuses a state of another folder, of no folder, or from before a reset', async () => {
    await using exchange = await start();
    mail(exchange, 'a');
    const { state } = await sync(exchange);
    exchange.reset();
    const again = await call(
      exchange.url,
      '<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>' +
        `<m:SyncState>${state}</m:SyncState><m:MaxChangesReturned>5</m:MaxChangesReturned></m:SyncFolderItems>`,
    );
    expect(again.codes).toEqual(['ErrorInvalidSyncStateData']);
  });
});

describe('folders', () => {
  const verb = (exchange: ExchangeSimulator, name: string, to: string, id: string) =>
    call(
      exchange.url,
      `<m:${name}><m:ToFolderId><t:FolderId Id="${to}"/></m:ToFolderId><m:FolderIds><t:FolderId Id="${id}"/></m:FolderIds></m:${name}>`,
    );

  it('a folder is deleted with its content, and never moved into itself', async () => {
    await using exchange = await start();
    const alice = exchange.mailbox('alice@contoso.test');
    const outer = alice.createFolder(alice.folder('msgfolderroot'), 'outer');
    const inner = alice.createFolder(outer, 'inner');
    alice.store(inner, { subject: 'deep' });
    expect((await verb(exchange, 'CopyFolder', inner.id, outer.id)).codes).toEqual(['ErrorMoveCopyFailed']);
    expect((await verb(exchange, 'MoveFolder', inner.id, outer.id)).codes).toEqual(['ErrorMoveCopyFailed']);
    expect((await verb(exchange, 'CopyFolder', alice.folder('inbox').id, outer.id)).codes).toEqual(['NoError']);
    expect(alice.folder('inbox').children[0]?.children[0]?.items.map(({ subject }) => subject)).toEqual(['deep']);
    expect((await verb(exchange, 'MoveFolder', alice.folder('deleteditems').id, outer.id)).codes).toEqual(['NoError']);
    expect(alice.folder('deleteditems').children.map(({ displayName }) => displayName)).toEqual(['outer']);
  });

  it('all distinguished names may be requested at once: those without a folder are reported as not found individually', async () => {
    await using exchange = await start();
    const ids = ['inbox', 'directory', 'imcontactlist'].map((name) => `<t:DistinguishedFolderId Id="${name}"/>`).join('');
    const answer = await call(
      exchange.url,
      `<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>${ids}</m:FolderIds></m:GetFolder>`,
    );
    expect(answer.codes).toEqual(['NoError', 'ErrorFolderNotFound', 'ErrorFolderNotFound']);
  });
});

describe('subscriptions', () => {
  const types = ['NewMailEvent', 'CreatedEvent', 'MovedEvent', 'DeletedEvent']
    .map((type) => `<t:EventType>${type}</t:EventType>`)
    .join('');
  const folders = '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>';

  it('pull: returns events since the watermark', async () => {
    await using exchange = await start();
    const subscribed = await call(
      exchange.url,
      `<m:Subscribe><m:PullSubscriptionRequest>${folders}<t:EventTypes>${types}</t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`,
    );
    const [id, watermark] = ['SubscriptionId', 'Watermark'].map((name) => textOf(subscribed.messages[0], messagesNs, name));
    mail(exchange, 'news');
    const events = await call(
      exchange.url,
      `<m:GetEvents><m:SubscriptionId>${id}</m:SubscriptionId><m:Watermark>${watermark}</m:Watermark></m:GetEvents>`,
    );
    const names = child(events.messages[0], messagesNs, 'Notification')?.children.map(({ name }) => name);
    expect(names?.slice(-2)).toEqual(['CreatedEvent', 'NewMailEvent']);
  });

  it('streaming: each event is sent as it happens, until the time-out', async () => {
    const clock = new ManualClock();
    await using exchange = await start({ clock });
    const subscribed = await call(
      exchange.url,
      `<m:Subscribe><m:StreamingSubscriptionRequest>${folders}<t:EventTypes>${types}</t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`,
    );
    const id = textOf(subscribed.messages[0], messagesNs, 'SubscriptionId');
    const { envelope, post } = await import('../support/raw-ews.ts');
    const ask = `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>`;
    const response = await post(exchange.url, envelope(ask));
    const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    const until = async (text: string): Promise<string> => {
      let all = '';
      while (!all.includes(text)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended without ${text}: ${all}`);
        all += value;
      }
      return all;
    };
    expect(await until('</m:ConnectionStatus>')).toContain('OK');
    mail(exchange, 'news');
    expect(await until('NewMailEvent')).toContain(`<t:SubscriptionId>${id}</t:SubscriptionId>`);
    await clock.advance(60_000);
    expect(await until('</m:ConnectionStatus>')).toContain('Closed');
  });
});

describe('answers', () => {
  it('an operation that is not simulated says so in a sentence, also in the journal, and can be answered by hand', async () => {
    await using exchange = await start();
    const ask = '<m:GetPasswordExpirationDate/>';
    const plain = await call(exchange.url, ask, { unchecked: true });
    expect([plain.status, plain.text]).toEqual([500, expect.stringContaining('is not simulated; see exchange.answer().')]);
    expect(exchange.journal.at(-1)?.problem).toContain('GetPasswordExpirationDate');
    exchange.answer('GetPasswordExpirationDate', ({ mailbox }) => {
      expect(mailbox).toBe('alice@contoso.test');
      return '<m:GetPasswordExpirationDateResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:PasswordExpirationDate>2027-01-01T00:00:00Z</m:PasswordExpirationDate></m:GetPasswordExpirationDateResponse>';
    });
    expect((await call(exchange.url, ask, { unchecked: true })).text).toContain('2027-01-01T00:00:00Z');
    expect(() => exchange.answer('GetNothing', () => '')).toThrow(/not an EWS operation/);
  });

  it('invalid content stores nothing and is explained', async () => {
    await using exchange = await start();
    const alice = exchange.mailbox('alice@contoso.test');
    const bad: unknown[] = [{ subject: 5 }, { to: 'bob' }, { body: { type: 'rtf', content: '' } }, { properties: [{}] }];
    for (const content of bad) expect(() => alice.store('inbox', content as object)).toThrow(/Nothing was stored/);
    expect(() => alice.store('inbox', undefined as never)).toThrow(/content is missing/);
    expect(alice.folder('inbox').items).toEqual([]);
    expect(alice.store('inbox', {}).subject).toBe('');
  });

  it('a distribution list reaches each member once', async () => {
    await using exchange = await start({ distributionLists: { 'all@contoso.test': ['bob@contoso.test', 'all@contoso.test'] } });
    await call(
      exchange.url,
      '<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message><t:Subject>x</t:Subject><t:ToRecipients><t:Mailbox><t:EmailAddress>all@contoso.test</t:EmailAddress></t:Mailbox>' +
        '<t:Mailbox><t:EmailAddress>bob@contoso.test</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message></m:Items></m:CreateItem>',
    );
    expect(exchange.mailbox('bob@contoso.test').folder('inbox').items.length).toBe(1);
  });
});
