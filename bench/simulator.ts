/**
 * What the simulator costs a test: `npm run bench:simulator`. CreateItem beside a bare node:http server that answers the same bytes to the
 * same client, in turns; FindItem by a property over 10,000 items beside 1,000; the memory of 100,000 items; the start. Servers are processes
 * of their own. A goal that is missed is shown; nothing fails by time.
 *
 * OFFLINE_IM_BENCH_REQUESTS and OFFLINE_IM_BENCH_ROUNDS make it shorter.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createItem, envelope, findItem, message } from '../test/testing/support/raw-ews.ts';
import { atATime, compared, median, perSecond, spreadOf } from './median.ts';
import type { Ask, Told } from './simulator/protocol.ts';
import { aim, printTable, type Row, rate } from './table.ts';

const requests = Number(process.env.OFFLINE_IM_BENCH_REQUESTS ?? 2_000);
const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 7);
const set = '5f8e0c2a-6c3b-4d55-9d5e-0f1c9d3a7b10';
const rows: Row[] = [];
/** Of requests under way, as a client with some connections has them. */
const atOnce = 4;

async function started(name: string, env: Record<string, string> = {}): Promise<{ child: ChildProcess; told: Told }> {
  const child = fork(join(import.meta.dirname, 'simulator', name), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, ...env },
  });
  const [told] = (await once(child, 'message')) as [Told];
  return { child, told };
}
async function tell(child: ChildProcess, what: Ask | string): Promise<Told> {
  child.send(what);
  const [told] = (await once(child, 'message')) as [Told];
  return told;
}

async function ask(url: string, body: string, as = 'alice@contoso.test'): Promise<string> {
  const headers = { 'content-type': 'text/xml; charset=utf-8', authorization: `Basic ${btoa(`${as}:x`)}` };
  return (await fetch(url, { method: 'POST', headers, body })).text();
}

async function createItems(by: number, validates: boolean): Promise<void> {
  const { child, told } = await started('exchange-process.ts', { VALIDATE: validates ? 'yes' : 'no' });
  const bare = await started('bare-process.ts');
  const body = envelope(createItem(Array.from({ length: by }, (_, n) => message({ subject: `Message ${n}` }))));
  const answer = await ask(told.url, body);
  if (!answer.includes('NoError')) throw new Error(`The simulator answered ${answer.slice(0, 500)}`);
  await tell(bare.child, answer);
  const [ours, theirs]: [number[], number[]] = [[], []];
  const count = Math.ceil(requests / Math.sqrt(by));
  for (let round = -1; round < rounds; round++) {
    const our = await perSecond(count, () => atATime(atOnce, count, () => ask(told.url, body)));
    const their = await perSecond(count, () => atATime(atOnce, count, () => ask(bare.told.url, body)));
    await tell(child, { do: 'reset' });
    if (round < 0) continue; // the first warms up
    ours.push(our);
    theirs.push(their);
  }
  const what = `CreateItem with ${by} item${by === 1 ? '' : 's'}${validates ? ', validated against the schema' : ''}`;
  rows.push({
    what,
    figure: rate(median(ours)),
    against: `bare node:http (${rate(median(theirs))})`,
    ...compared(ours, theirs),
    ...aim(
      validates ? undefined : { atLeast: 0.5 },
      'each item is read from XML, validated as by Exchange, stored and reported; the bare server reads no XML and always returns the same bytes.',
    ),
  });
  child.disconnect();
  bare.child.disconnect();
}

async function findItems(): Promise<void> {
  const { child, told } = await started('exchange-process.ts');
  const uri = `<t:ExtendedFieldURI PropertySetId="${set}" PropertyName="Tag" PropertyType="String"/>`;
  const restriction = `<t:IsEqualTo>${uri}<t:FieldURIOrConstant><t:Constant Value="tag-3"/></t:FieldURIOrConstant></t:IsEqualTo>`;
  const view = '<m:IndexedPageItemView MaxEntriesReturned="100" Offset="0" BasePoint="Beginning"/>';
  const search = (folder: string): string =>
    envelope(findItem({ folders: [`<t:DistinguishedFolderId Id="${folder}"/>`], restriction, view, base: 'Default' }));
  const sizes = { inbox: 1_000, deleteditems: 10_000 } as const;
  for (const [folder, items] of Object.entries(sizes)) await tell(child, { do: 'seed', folder, items, set });
  const rates = { inbox: [] as number[], deleteditems: [] as number[] };
  const count = Math.ceil(requests / 8);
  for (let round = -1; round < rounds; round++) {
    for (const folder of ['inbox', 'deleteditems'] as const) {
      const body = search(folder);
      const answer = await ask(told.url, body, 'bob@contoso.test');
      if (answer.split('<t:ItemId ').length !== 101) throw new Error(`Expected 100 items, got ${answer.slice(0, 500)}`);
      const found = await perSecond(count, () => atATime(atOnce, count, () => ask(told.url, body, 'bob@contoso.test')));
      if (round >= 0) rates[folder].push(found);
    }
  }
  rows.push({
    what: 'FindItem, a page of 100 by a property, of 10,000 items',
    figure: rate(median(rates.deleteditems)),
    against: `of 1,000 items (${rate(median(rates.inbox))})`,
    ...compared(rates.deleteditems, rates.inbox),
    goal: { atLeast: 0.8 },
    why: 'the 100 items of a page are written either way; only finding them among the others takes longer.',
  });
  child.disconnect();
}

async function memory(): Promise<void> {
  const { child } = await started('exchange-process.ts');
  const { rss, heapUsed } = await tell(child, { do: 'seed', folder: 'inbox', items: 100_000, set });
  const figure = `${(rss / 1e6).toFixed(0)} MB resident, ${(heapUsed / 1e6).toFixed(0)} MB heap`;
  rows.push({
    what: 'memory of the process with 100,000 items, MB',
    figure,
    reached: rss / 1e6,
    goal: { atMost: 400 },
    why: 'each item is kept with everything that a client may request, and V8 returns memory late.',
  });
  child.disconnect();
}

async function start(): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { child, told } = await started('exchange-process.ts');
    times.push(told.started);
    child.disconnect();
  }
  rows.push({
    what: 'start without TLS and validation, ms',
    figure: `${median(times).toFixed(1)} ms`,
    ...spreadOf(times),
    goal: { atMost: 100 },
    why: 'mailboxes with their folders are created, and a port is opened.',
  });
}

console.log(`node ${process.version}, ${requests} requests, ${atOnce} under way, medians of ${rounds} rounds`);
await createItems(1, false);
await createItems(50, false);
await createItems(1, true);
await createItems(50, true);
await findItems();
await memory();
await start();
printTable(rows);
