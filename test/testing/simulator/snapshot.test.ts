import { describe, expect, it } from 'vitest';
import { SimulatorCore } from '../../../src/testing/simulator/core.ts';
import { createExchange, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const inbox = '<t:DistinguishedFolderId Id="inbox"/>';
const make = (options: object = {}) => createExchange({ mailboxes: [alice, bob], access: 'anonymous', ...options });
const ask = (body: string, as = alice): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'text/xml', 'x-anchormailbox': as },
  body: envelope(body),
});
const syncOf = (state = ''): string =>
  `<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>${inbox}</m:SyncFolderId>${
    state === '' ? '' : `<m:SyncState>${state}</m:SyncState>`
  }<m:MaxChangesReturned>100</m:MaxChangesReturned></m:SyncFolderItems>`;
const stateIn = (answer: string): string => /<m:SyncState>([^<]+)</.exec(answer)?.[1] ?? '';
const subscription = `<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`;

describe('restore()', () => {
  it('restores items with their ids, and folders, as often as needed', () => {
    const exchange = make();
    const box = exchange.mailbox(bob);
    const kept = box.receive({ subject: 'kept' });
    const folder = box.createFolder(box.folder('inbox'), 'Orders');
    const inFolder = box.store(folder, { subject: 'order' });
    const snapshot = exchange.snapshot();
    for (const _ of [1, 2]) {
      box.remove(kept);
      box.removeFolder(folder);
      box.receive({ subject: 'later' });
      box.createFolder(box.folder('inbox'), 'Others');
      exchange.restore(snapshot);
      expect(box.folder('inbox').items).toEqual([kept]);
      expect(box.folder('Orders').items).toEqual([inFolder]);
      expect(box.folder('inbox').children.map(({ displayName }) => displayName)).toEqual(['Orders']);
      expect([box.folder('inbox').unread, box.findFolder('Others')]).toEqual([1, undefined]);
    }
  });

  it('restores an item as it was before a change, and never reuses the change key', () => {
    const exchange = make();
    const box = exchange.mailbox(bob);
    const item = box.receive({ subject: 'Hi' });
    const snapshot = exchange.snapshot();
    const changed = box.update(item, { messageFlags: 1 });
    exchange.restore(snapshot);
    expect(box.folder('inbox').items).toEqual([item]);
    const again = box.update(item, { content: { ...item.content, subject: 'other' } });
    expect(new Set([item, changed, again].map(({ changeKey }) => changeKey)).size).toBe(3);
  });

  it('restores inbox rules and automatic replies', async () => {
    const exchange = make({ mailboxes: [alice, { address: bob, rules: [{ subject: 'news', moveTo: 'News' }] }] });
    const oof = (state: string) =>
      `<m:SetUserOofSettingsRequest><t:Mailbox><t:Address>${bob}</t:Address></t:Mailbox><t:UserOofSettings><t:OofState>${state}</t:OofState><t:ExternalAudience>None</t:ExternalAudience></t:UserOofSettings></m:SetUserOofSettingsRequest>`;
    const rules = (operations: string) =>
      `<m:UpdateInboxRules><m:RemoveOutlookRuleBlob>true</m:RemoveOutlookRuleBlob><m:Operations>${operations}</m:Operations></m:UpdateInboxRules>`;
    const send = async (body: string) => (await exchange.fetch(exchange.url, ask(body, bob))).text();
    const state = async () =>
      /<t:OofState>(\w+)</.exec(
        await send(
          `<m:GetUserOofSettingsRequest><t:Mailbox><t:Address>${bob}</t:Address></t:Mailbox></m:GetUserOofSettingsRequest>`,
        ),
      )?.[1];
    await send(oof('Enabled'));
    const snapshot = exchange.snapshot();
    await send(oof('Disabled'));
    const [, id = ''] = /<t:RuleId>([^<]+)</.exec(await send('<m:GetInboxRules/>')) ?? [];
    expect(id).not.toBe('');
    await send(rules(`<t:DeleteRuleOperation><t:RuleId>${id}</t:RuleId></t:DeleteRuleOperation>`));
    expect([exchange.mailbox(bob).receive({ subject: 'news' }).folder, await state()]).toEqual(['inbox', 'Disabled']);
    exchange.restore(snapshot);
    expect([exchange.mailbox(bob).receive({ subject: 'news' }).folder, await state()]).toEqual(['News', 'Enabled']);
  });

  it('never reissues an id assigned since', () => {
    const exchange = make();
    const snapshot = exchange.snapshot();
    const ids = new Set<string>();
    for (let n = 0; n < 20; n++) {
      ids.add(exchange.mailbox(bob).receive().id);
      if (n % 2 === 0) exchange.restore(snapshot);
      else exchange.reset();
    }
    expect(ids.size).toBe(20);
  });

  it('restores faults with their counts, and the journal', async () => {
    const exchange = make();
    exchange.faults.on('FindItem').nth(3).http(503);
    exchange.faults.on('*').probability(0.5, { seed: 3 }).responseCode('ErrorItemNotFound');
    await exchange.fetch(exchange.url, ask(findItem()));
    const snapshot = exchange.snapshot();
    const run = async (): Promise<readonly string[]> => {
      const seen: string[] = [];
      for (let n = 0; n < 8; n++) {
        const answer = await exchange.fetch(exchange.url, ask(findItem()));
        seen.push(`${answer.status} ${(await answer.text()).includes('ErrorItemNotFound')}`);
      }
      return seen;
    };
    const first = await run();
    expect(first[1]).toMatch('503');
    expect(exchange.journal).toHaveLength(9);
    exchange.faults.clear();
    exchange.restore(snapshot);
    expect(exchange.journal.map(({ number }) => number)).toEqual([1]);
    expect(await run()).toEqual(first);
    expect(exchange.journal.at(-1)?.number).toBe(9);
  });

  it('restores pending events with their remaining time, and drops those started since', async () => {
    const clock = new ManualClock();
    const exchange = make({ clock, lateCopies: 1000 });
    await exchange.fetch(exchange.url, ask(createItem([message({ subject: 'before' })])));
    await clock.advance(400);
    const snapshot = exchange.snapshot();
    await clock.advance(1000);
    await exchange.fetch(exchange.url, ask(createItem([message({ subject: 'since' })])));
    exchange.restore(snapshot);
    const history = exchange.mailbox(alice).folder('conversationhistory');
    expect([exchange.pending, history.size]).toEqual([1, 0]);
    await clock.advance(599);
    expect(history.size).toBe(0);
    await clock.advance(1);
    expect(history.items.map(({ subject }) => subject)).toEqual(['before']);
    await clock.advance(5000);
    expect(history.size).toBe(1);
  });

  it('sets the wall time of a manual clock back, but never its monotonic time', async () => {
    const clock = new ManualClock();
    const start = clock.now();
    const exchange = make({ clock });
    await clock.advance(1000);
    const snapshot = exchange.snapshot();
    expect(snapshot.takenAt).toEqual(new Date(start + 1000));
    await clock.advance(5000);
    exchange.restore(snapshot);
    expect([clock.now(), clock.monotonic()]).toEqual([start + 1000, 6000]);
    exchange.reset();
    expect([clock.now(), clock.monotonic()]).toEqual([start, 6000]);
  });

  it('accepts earlier synchronisation states, and refuses those that were undone', async () => {
    const exchange = make();
    const call = async (body: string): Promise<string> => (await exchange.fetch(exchange.url, ask(body, bob))).text();
    exchange.mailbox(bob).receive({ subject: 'one' });
    const before = stateIn(await call(syncOf()));
    const snapshot = exchange.snapshot();
    exchange.mailbox(bob).receive({ subject: 'undone' });
    const undone = stateIn(await call(syncOf(before)));
    exchange.restore(snapshot);
    const two = exchange.mailbox(bob).receive({ subject: 'two' });
    const answer = await call(syncOf(before));
    expect(answer.match(/<t:ItemId /g)).toHaveLength(1);
    expect(answer).toContain(two.id);
    expect(await call(syncOf(undone))).toContain('ErrorInvalidSyncStateData');
    expect(await call(syncOf(stateIn(answer)))).toContain('NoError');
  });

  it('restores subscriptions, and reset() ends them', async () => {
    const exchange = make();
    const call = async (body: string): Promise<string> => (await exchange.fetch(exchange.url, ask(body, bob))).text();
    const subscribed = await call(subscription);
    const id = /<m:SubscriptionId>([^<]+)</.exec(subscribed)?.[1];
    const mark = /<m:Watermark>([^<]+)</.exec(subscribed)?.[1];
    const events = `<m:GetEvents><m:SubscriptionId>${id}</m:SubscriptionId><m:Watermark>${mark}</m:Watermark></m:GetEvents>`;
    const snapshot = exchange.snapshot();
    exchange.reset();
    expect(await call(events)).toContain('ErrorSubscriptionNotFound');
    exchange.restore(snapshot);
    expect(await call(events)).toContain('NoError');
  });

  it('removes mailboxes added since, moves, settings and manual answers', async () => {
    const exchange = make();
    const snapshot = exchange.snapshot();
    exchange.addMailbox('dora@contoso.test').receive();
    exchange.moveMailbox(bob, 'exchange-online');
    exchange.mailbox(bob).settings.set('x', '<x/>');
    exchange.restore(snapshot);
    expect(() => exchange.mailbox('dora@contoso.test')).toThrow('There is no mailbox');
    expect([exchange.mailbox(bob).location, exchange.mailbox(bob).settings.size]).toEqual([undefined, 0]);
  });

  it('restores the rest of budgets and quotas', async () => {
    const clock = new ManualClock();
    const exchange = make({
      clock,
      mailboxes: [{ address: alice, quota: { receive: 400 } }, bob],
      throttling: { requests: { burst: 12, perMinute: 1 }, messages: { burst: 3, perMinute: 1 } },
    });
    const run = async (): Promise<readonly (string | undefined)[]> => {
      const codes: (string | undefined)[] = [];
      for (let n = 0; n < 10; n++) {
        const sent = message({ subject: `${n}`, to: [bob] } as never);
        const answer = await (await exchange.fetch(exchange.url, ask(createItem([sent]), n % 2 === 0 ? alice : bob))).text();
        codes.push(/Error[A-Za-z]+/.exec(answer)?.[0]);
      }
      return codes;
    };
    await exchange.fetch(exchange.url, ask(createItem([message({ subject: 'first' })])));
    await clock.advance(30_000);
    const snapshot = exchange.snapshot();
    const first = await run();
    expect(new Set(first).size).toBeGreaterThan(1);
    for (const wait of [0, 3_600_000]) {
      await clock.advance(wait);
      exchange.restore(snapshot);
      expect(await run()).toEqual(first);
    }
  });

  it('recognises an item that has moved with its mailbox since: what was to be sent of it is sent', () => {
    const core = new SimulatorCore({ mailboxes: [alice, bob], access: 'anonymous' });
    const { exchange } = core;
    const box = exchange.find(bob);
    const item = box?.receive({ subject: 'Hi' });
    const restore = core.snapshot();
    exchange.moveMailbox(bob, 'exchange-online');
    expect(item && exchange.registry.latest(item)).not.toBe(item);
    restore();
    expect(item && exchange.registry.latest(item)).toBe(item);
  });

  it('accepts only snapshots of the same exchange', () => {
    const exchange = make();
    for (const other of [make().snapshot(), {}]) {
      expect(() => exchange.restore(other as never)).toThrow(
        'restore() takes what snapshot() of the same exchange has returned.',
      );
    }
    expect(() => exchange.restore(undefined as never)).toThrow('snapshot is missing; expected what snapshot() has returned.');
  });
});

describe('an operation in progress at reset()', () => {
  it('is dropped: a request whose MIME is still being read', async () => {
    const core = new SimulatorCore({ mailboxes: [alice, bob], access: 'anonymous' });
    const mime = btoa('From: <alice@contoso.test>\r\nTo: <bob@contoso.test>\r\nSubject: slow\r\n\r\nbody');
    const item = `<t:Message><t:MimeContent CharacterSet="UTF-8">${mime}</t:MimeContent></t:Message>`;
    const request = {
      method: 'POST',
      path: '/EWS/Exchange.asmx',
      headers: { 'content-type': 'text/xml' },
      body: envelope(createItem([item])),
    };
    const put = core.handle(request);
    core.reset();
    expect(await put).toEqual({ kind: 'reset' });
    const items = () => core.exchange.mailboxes.flatMap(({ folders }) => folders.flatMap((folder) => folder.items));
    expect([items(), core.journal.entries]).toEqual([[], []]);
    expect(await core.handle(request)).toMatchObject({ status: 200 });
    expect(items()).toHaveLength(2);
  });

  it('is ended: a stream of notifications, with its listener', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], access: 'anonymous' });
    const streaming = subscription
      .replaceAll('PullSubscriptionRequest', 'StreamingSubscriptionRequest')
      .replace(/<t:Timeout>.*?<\/t:Timeout>/, '');
    const id = /<m:SubscriptionId>([^<]+)</.exec(await (await fetch(exchange.url, ask(streaming, bob))).text())?.[1];
    const open = await fetch(
      exchange.url,
      ask(
        `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>`,
        bob,
      ),
    );
    await exchange.idle();
    exchange.reset();
    expect(await open.text()).toContain('<m:ConnectionStatus>OK</m:ConnectionStatus>');
    expect(exchange.pending).toBe(0);
  });
});
