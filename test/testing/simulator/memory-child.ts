/** 10,000 tests against one simulator, in a process whose heap is its own. Prints the heap in use, in bytes, after each tenth of them. */

import { startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import { createItem, envelope, findItem, message } from '../support/raw-ews.ts';

const tests = Number(process.argv[2] ?? 10_000);
const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], access: 'anonymous' });
const subscribe = `<m:Subscribe><m:StreamingSubscriptionRequest SubscribeToAllFolders="true"><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>`;
const ask = async (body: string): Promise<string> => {
  const init = { method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope(body) };
  return (await fetch(exchange.url, init)).text();
};
const created = createItem([message({ tag: 'note-1/1', text: 'Are you there? '.repeat(20) })]);
const seeded = exchange.snapshot();
const used: number[] = [];

for (let n = 1; n <= tests; n++) {
  exchange.mailbox(bob).receive({ subject: `Test ${n}`, attachments: [{ name: 'a.txt', content: 'aGk=' }] });
  if (n % 10 === 0) exchange.faults.on('CreateItem').once().lostResponse();
  await ask(created).catch(() => undefined);
  await ask(findItem());
  if (n % 20 === 0) exchange.moveMailbox(bob, n % 40 === 0 ? 'on-premises' : 'exchange-online');
  if (n % 50 === 0) {
    // A client that opens a stream of notifications and goes away.
    const id = /<m:SubscriptionId>([^<]+)</.exec(await ask(subscribe))?.[1];
    const left = new AbortController();
    const body = `<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>${id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>30</m:ConnectionTimeout></m:GetStreamingEvents>`;
    const init = { method: 'POST', headers: { 'content-type': 'text/xml' }, body: envelope(body), signal: left.signal };
    const streaming = (await fetch(exchange.url, init)).text().catch(() => undefined);
    left.abort();
    await streaming;
  }
  if (n % 3 === 0) exchange.restore(seeded);
  else exchange.reset();
  if (n % (tests / 10) === 0) {
    globalThis.gc?.();
    used.push(process.memoryUsage().heapUsed);
  }
}
console.log(JSON.stringify({ used, pending: exchange.pending }));
