import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { type Chromium, startChromium } from '../../support/chromium.ts';
import type { OpenOptions, SpoolPage } from './browser/page.ts';
import { type Site, startSite } from './browser/site.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';

let chromium: Chromium | undefined;
let site: Site | undefined;
let failure = '';

beforeAll(async () => {
  [site, chromium] = await Promise.all([
    startSite(),
    startChromium().catch((error: unknown) => {
      failure = `Chromium cannot start here: ${error instanceof Error ? error.message : String(error)}`;
      console.warn(failure);
      return undefined;
    }),
  ]);
});
afterAll(async () => {
  await chromium?.close();
  await site?.close();
});
beforeEach(({ skip }) => skip(chromium === undefined, failure));
afterEach(leave);

/** A new page of the site, with its script loaded. */
async function visit(host = '127.0.0.1', path = ''): Promise<Page> {
  if (chromium === undefined || site === undefined) throw new Error('there is no browser');
  const page = await chromium.context.newPage();
  await page.goto(`${site.url.replace('127.0.0.1', host)}${path}`);
  return page;
}

/** Calls the page's script. */
function ask(page: Page, what: keyof SpoolPage, ...args: readonly unknown[]): Promise<unknown> {
  return page.evaluate(`spoolPage.${what}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
}

/** Everything as before the first visit. */
async function leave(): Promise<void> {
  if (chromium === undefined) return;
  for (const page of chromium.context.pages()) await page.close();
  const page = await visit();
  await page.evaluate('new Promise((done) => { indexedDB.deleteDatabase("offline-im").onsuccess = done; })');
  await page.close();
}

async function until(condition: () => boolean | Promise<boolean>, what: string, timeout = 200_000): Promise<void> {
  const end = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeout} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Numbers of the messages that Bob received, in order of arrival. */
function shown(exchange: ExchangeSimulator): number[] {
  const bodies = exchange
    .mailbox(bob)
    .folder('inbox')
    .items.map(({ body }) => body.content);
  return bodies.flatMap((body) => [...body.matchAll(/#(\d+)#/g)].map(([, number]) => Number(number)));
}

describe('IndexedDbSpool in Chromium', () => {
  it('passes the conformance suite', async () => {
    const page = await visit('127.0.0.1', 'suite');
    const { passed, failed } = (await page.evaluate('spoolSuite()')) as { passed: number; failed: readonly string[] };
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(250);
  });

  it('delivers everything once, in order, while its page is reloaded, closed and crashes', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], cors: true });
    const open: OpenOptions = { url: exchange.url, waitForLock: 200_000 };
    let next = 0;
    const some = (count: number) =>
      Array.from({ length: count }, () => {
        next += 1;
        return { id: `m${next}`, conversationId: `c${next % 3}`, text: `#${next}#` };
      });
    let arrived = 0;
    const slow = (): boolean => {
      arrived += 1;
      return true;
    };
    exchange.faults.on('CreateItem').when(slow).delay(150);

    let page = await visit();
    for (let round = 0; round < 12; round++) {
      const end = (['reload', 'close', 'crash'] as const)[round % 3];
      expect(await ask(page, 'open', open)).toMatchObject({ held: 0 });
      expect(await ask(page, 'send', some(4))).toBe(4);
      const [asked, answered] = [arrived, exchange.journal.length];
      expect(await ask(page, 'start')).toBe('done');
      expect(await ask(page, 'send', some(4))).toBe(4);
      // The server has a request and has not answered yet; or it has just answered one.
      await until(() => (round % 2 === 0 ? arrived > asked : exchange.journal.length > answered), 'a request');
      if (end === 'reload') await page.reload();
      else {
        if (end === 'crash') await crash(page);
        await page.close();
        page = await visit();
      }
    }
    expect(await ask(page, 'open', open)).toMatchObject({ held: 0, dead: 0 });
    expect(await ask(page, 'start')).toBe('done');
    const waiting = { spooled: 0, deferred: 0, delivering: 0, unconfirmed: 0, dead: 0 };
    await until(async () => {
      const counts = (await ask(page, 'counts')) as Record<string, number>;
      return Object.keys(waiting).every((state) => counts[state] === 0);
    }, 'all is delivered');
    expect(await ask(page, 'stop')).toBe('done');

    const numbers = shown(exchange);
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: next }, (_, index) => index + 1));
    for (const conversation of [0, 1, 2]) {
      const ours = numbers.filter((number) => number % 3 === conversation);
      expect(ours).toEqual([...ours].sort((a, b) => a - b));
    }
    const operations = exchange.journal.map(({ operation }) => operation);
    expect(operations.filter((name) => name === 'FindItem').length).toBeGreaterThan(0);
    expect(exchange.mailbox(alice).folder('drafts').items).toHaveLength(0);
  });

  it('refuses a second tab, or lets it wait until the first has closed', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], cors: true });
    const [first, second] = [await visit(), await visit()];
    expect(await ask(first, 'open', { url: exchange.url })).toMatchObject({ spooled: 0 });
    expect(await ask(first, 'send', [{ id: 'm1', conversationId: 'c', text: '#1#' }])).toBe(1);
    expect(await ask(second, 'open', { url: exchange.url })).toBe('SPOOL_LOCKED');
    const later = ask(second, 'open', { url: exchange.url, waitForLock: 'for ever' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await crash(first);
    expect(await later).toMatchObject({ spooled: 1 });
    expect(await ask(second, 'start')).toBe('done');
    await exchange.waitForMessage(({ mailbox }) => mailbox === bob, { timeout: 200_000 });
    await until(async () => ((await ask(second, 'counts')) as { delivered: number }).delivered === 1, 'it is delivered');
    expect(shown(exchange)).toEqual([1]);
  });

  it('closes itself with a warning when another page deletes its database', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], cors: true });
    const [first, second] = [await visit(), await visit()];
    expect(await ask(first, 'open', { url: exchange.url })).toMatchObject({ spooled: 0 });
    await second.evaluate('new Promise((done) => { indexedDB.deleteDatabase("offline-im").onsuccess = done; })');
    await until(async () => (await ask(first, 'counts')) === 'SPOOL_CLOSED', 'it is closed');
    expect(await ask(first, 'warnings')).toContain('SPOOL_CLOSED');
    expect(await ask(second, 'open', { url: exchange.url })).toMatchObject({ spooled: 0 });
  });

  it('refuses messages beyond the quota, keeps nothing of them, and goes on', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], cors: true });
    // An origin of its own: for half a minute Chromium remembers the quota of another one.
    const page = await visit('localhost');
    const devtools = await page.context().newCDPSession(page);
    const { origin } = new URL(page.url());
    const usage = (await page.evaluate('navigator.storage.estimate().then(({ usage }) => usage)')) as number;
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 20_000 });
    expect(await ask(page, 'open', { url: exchange.url })).toMatchObject({ spooled: 0 });
    expect(await ask(page, 'send', [{ id: 'm1', conversationId: 'c', text: '#1#' }])).toBe(1);
    expect(await ask(page, 'send', [{ id: 'm2', conversationId: 'c', text: `#2#${'x'.repeat(30_000)}` }])).toBe('SPOOL_FAILED');
    expect(await ask(page, 'counts')).toMatchObject({ spooled: 1 });
    await devtools.send('Storage.overrideQuotaForOrigin', { origin });
    expect(await ask(page, 'send', [{ id: 'm2', conversationId: 'c', text: '#2#' }])).toBe(1);
  });
});

/** The page's process is killed, as by the out-of-memory killer of the system. */
async function crash(page: Page): Promise<void> {
  const crashed = new Promise((resolve) => page.once('crash', resolve));
  const devtools = await page.context().newCDPSession(page);
  void devtools.send('Page.crash').catch(() => undefined);
  await crashed;
}
