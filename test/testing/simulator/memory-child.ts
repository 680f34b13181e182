/**
 * Tests with one simulator, in a process with a heap of its own: `node --expose-gc memory-child.ts <how many> <kind>…`. Of these
 * kinds, or of all if none is given, in turn. Prints the heap in use, in bytes, after each tenth of them.
 */

import { startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const tests = Number(process.argv[2] ?? 10_000);
const only = process.argv.slice(3);
const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
/** Mailboxes of concurrent tests. */
const others = Array.from({ length: 4 }, (_, n) => `user${n}@contoso.test`);
await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob, ...others], access: 'anonymous' });
const subscribe = `<m:Subscribe><m:StreamingSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`;
const ask = async (body: string, as = alice): Promise<string> => {
  const headers = { 'content-type': 'text/xml', authorization: `Basic ${btoa(`${as}:x`)}` };
  const init = { method: 'POST', headers, body: envelope(body) };
  return (await fetch(exchange.url, init)).text();
};
const created = createItem([message({ tag: 'note-1/1', text: 'Are you there? '.repeat(20) })]);
const pull = `<m:Subscribe><m:PullSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes><t:Timeout>10</t:Timeout></m:PullSubscriptionRequest></m:Subscribe>`;
const ofAlice = `<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>${alice}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>`;
const daily = `<t:CalendarItem><t:Subject>Daily</t:Subject><t:Start>2026-03-02T09:00:00Z</t:Start><t:End>2026-03-02T09:15:00Z</t:End><t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NoEndRecurrence><t:StartDate>2026-03-02</t:StartDate></t:NoEndRecurrence></t:Recurrence></t:CalendarItem>`;
const permitted = `<t:Permission><t:UserId><t:PrimarySmtpAddress>${bob}</t:PrimarySmtpAddress></t:UserId><t:PermissionLevel>Author</t:PermissionLevel></t:Permission>`;
const permit = `<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:DistinguishedFolderId Id="inbox"/><t:Updates><t:SetFolderField><t:FieldURI FieldURI="folder:PermissionSet"/><t:Folder><t:PermissionSet><t:Permissions>${permitted}</t:Permissions></t:PermissionSet></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>`;
const photo = '<m:GetUserPhotoResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:GetUserPhotoResponse>';
const seeded = exchange.snapshot();
const used: number[] = [];

/** What tests do now and then, one function per kind: each must have an effect, else it would prove nothing. */
const kinds: Readonly<Record<string, () => Promise<void>>> = {
  sent: async () => {
    requireThat((await ask(created)).includes('NoError'));
    requireThat((await ask(findItem())).includes('NoError'));
  },
  received: async () => {
    exchange.mailbox(bob).receive({ subject: 'Test', attachments: [{ name: 'a.txt', content: 'aGk=' }] });
    requireThat(exchange.mailbox(bob).folder('inbox').size === 1);
  },
  lost: async () => {
    exchange.faults.on('CreateItem').once().lostResponse();
    requireThat((await ask(created).catch(() => 'lost')) === 'lost');
  },
  moved: async () => {
    exchange.mailbox(bob).receive({ subject: 'moves' });
    exchange.moveMailbox(bob, 'exchange-online');
    requireThat(exchange.mailbox(bob).location === 'exchange-online');
  },
  tokens: async () => {
    const token = exchange.tokens.issue(alice);
    const headers = { 'content-type': 'text/xml', authorization: `Bearer ${token}` };
    const answer = await fetch(exchange.url, { method: 'POST', headers, body: envelope(findItem()) });
    requireThat((await answer.text()).includes('NoError'));
    exchange.tokens.revoke(token);
  },
  added: async () => {
    const here = exchange.snapshot();
    exchange.addMailbox({ address: 'new@contoso.test', quota: { receive: 1_000_000 } }).receive({ subject: 'new' });
    exchange.restore(here);
    requireThat(exchange.mailboxes.length === 2 + others.length);
  },
  folders: async () => {
    const box = exchange.mailbox(alice);
    box.removeFolder(box.createFolder(box.folder('inbox'), 'Short-lived'));
    box.createFolder(box.folder('inbox'), 'Until the reset');
  },
  streamed: async () => {
    // A client that opens a stream of notifications and disconnects.
    const id = /<m:SubscriptionId>([^<]+)</.exec(await ask(subscribe))?.[1];
    const left = new AbortController();
    const body = `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>`;
    const init = { method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope(body), signal: left.signal };
    const streaming = (await fetch(exchange.url, init)).text().catch(() => undefined);
    left.abort();
    await streaming;
  },
  parallel: async () => {
    const sent = others.map((as, n) => ask(createItem([message({ to: [others[(n + 1) % others.length] ?? bob] })]), as));
    requireThat((await Promise.all(sent)).every((text) => text.includes('NoError')));
    requireThat(others.every((address) => exchange.mailbox(address).folder('inbox').size === 1));
  },
  restored: async () => {
    const here = exchange.snapshot();
    requireThat((await ask(pull, bob)).includes('NoError'));
    exchange.mailbox(bob).receive({ subject: 'gone again' });
    exchange.restore(here);
  },
  series: async () => {
    requireThat(
      (await ask(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${daily}</m:Items></m:CreateItem>`)).includes(
        'NoError',
      ),
    );
  },
  delegate: async () => {
    await ask(permit);
    requireThat((await ask(createItem([message()], ofAlice, 'SaveOnly'), bob)).includes('NoError'));
  },
  waited: async () => {
    exchange.answer('GetUserPhoto', () => photo);
    const waited = exchange.waitForMessage((item) => item.subject === 'waited for');
    exchange.mailbox(bob).receive({ subject: 'waited for' });
    requireThat((await waited).subject === 'waited for');
  },
};
function requireThat(held: boolean): void {
  if (!held) throw new Error('A test of the ten thousand has not done what it should.');
}

const chosen = Object.entries(kinds).flatMap(([kind, test]) => (only.length === 0 || only.includes(kind) ? [test] : []));
for (let n = 1; n <= tests; n++) {
  await chosen[n % chosen.length]?.();
  if (n % 3 === 0) exchange.restore(seeded);
  else exchange.reset();
  if (n % (tests / 10) === 0) {
    // Twice: memory released by finalizers is free at the second.
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    used.push(process.memoryUsage().heapUsed);
  }
}
console.log(JSON.stringify({ used, pending: exchange.pending, kinds: Object.keys(kinds) }));
