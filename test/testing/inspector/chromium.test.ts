/** The page in a real Chromium: what it shows, keyboard operation, axe-core, and that no content of an item is ever executed. */
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { type Chromium, startChromium } from '../../support/chromium.ts';
import { createItem, envelope, findItem, message, post } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const screenshots = join(import.meta.dirname, '../../../.tmp/screenshots');
let chromium: Chromium | undefined;
let exchange: ExchangeSimulator;
let page: Page;
/** Reports of the browser: errors of the page, and anything blocked by a policy. */
let reports: string[];

beforeAll(async () => {
  chromium = await startChromium().catch(() => undefined);
  await mkdir(screenshots, { recursive: true });
});
afterAll(() => chromium?.close());

beforeEach(async ({ skip }) => {
  if (chromium === undefined) return skip('Chromium cannot start here');
  exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
  page = await chromium.context.newPage();
  reports = [];
  page.on('pageerror', (error) => reports.push(String(error)));
  page.on('console', (line) => line.type() === 'error' && reports.push(line.text()));
});
afterEach(async () => {
  await page?.close();
  await exchange?.close();
});

const open = async (): Promise<void> => {
  await page.goto(exchange.pageUrl);
  await page.locator('nav h2').first().waitFor();
};
const button = (name: string) => page.getByRole('button', { name, exact: true });
const folder = (name: string, box = bob) =>
  page.locator(`nav h2:text-is("${box}") + ul`).getByRole('button', { name: new RegExp(`^${name}`) });
const row = (text: string) => page.locator('#list').getByRole('button', { name: text });
const details = () => page.locator('#details');

async function violations(): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run = (
      globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
    ).axe;
    return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

describe('the page', () => {
  it('shows mailboxes, folders and items, with body, source and properties', async () => {
    exchange.mailbox(bob).receive({
      subject: 'Hello',
      from: { address: alice, name: 'Alice' },
      body: { type: 'html', content: '<b>Are you there?</b>' },
    });
    await open();
    await folder('Inbox').click();
    await row('Hello').click();
    await page.frameLocator('#details iframe').locator('b').filter({ hasText: 'Are you there?' }).waitFor();
    await button('Source').click();
    await details().locator('pre').filter({ hasText: 'Subject: Hello' }).waitFor();
    await button('Properties').click();
    await details().getByRole('cell', { name: 'IPM.Note', exact: true }).waitFor();
    await page.screenshot({ path: join(screenshots, 'simulator-properties.png') });
    await button('Delete').last().click();
    await page.getByText('Item deleted.').waitFor();
    expect([exchange.mailbox(bob).folder('inbox').size, reports]).toEqual([0, []]);
  });

  it('is live: new messages and requests appear without a reload', async () => {
    await open();
    await folder('Inbox').click();
    exchange.mailbox(bob).receive({ subject: 'Just now' });
    await row('Just now').waitFor();
    await button('Journal').click();
    await post(exchange.url, envelope(createItem([message({ text: 'Are you <there>?' })])));
    await row('#1 CreateItem').click();
    const request = details().getByRole('region', { name: 'Request' });
    await request.locator('pre').filter({ hasText: '      <m:Items>' }).waitFor();
    await details()
      .getByRole('region', { name: 'Response' })
      .locator('pre')
      .filter({ hasText: '<m:ResponseCode>NoError</m:ResponseCode>' })
      .waitFor();
    await page.screenshot({ path: join(screenshots, 'simulator-journal.png') });
    exchange.reset();
    await page.locator('#list').getByText('Nothing here.').waitFor();
    expect(reports).toEqual([]);
  });

  it('composes, searches, sets and removes faults, and resets', async () => {
    await open();
    await button('Compose').click();
    await page.getByLabel('From').selectOption(alice);
    await page.getByRole('textbox', { name: 'To', exact: true }).fill(`${bob}, carol@fabrikam.test`);
    await page.getByRole('textbox', { name: 'Subject' }).fill('Written here');
    await page.getByRole('textbox', { name: 'Text', exact: true }).fill('Hi');
    await button('Send').click();
    await page.getByText('Message sent.').waitFor();
    expect((await exchange.expectOnce()).subject).toBe('Written here');
    expect(exchange.outbound.map(({ recipient }) => recipient)).toEqual(['carol@fabrikam.test']);
    exchange.mailbox(bob).receive({ subject: 'Another' });
    await button('All items').click();
    await row('Another').waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill('written');
    await row('Another').waitFor({ state: 'detached' });
    await row('Written here').first().waitFor();
    await button('Faults').click();
    await page.getByRole('switch', { name: 'Server busy' }).check();
    await page.getByText('struck 0 times').waitFor();
    expect(await (await post(exchange.url, envelope(findItem()))).text()).toContain('ErrorServerBusy');
    await page.getByRole('switch', { name: 'Server busy' }).uncheck();
    await page.getByText('struck').waitFor({ state: 'detached' });
    expect(exchange.faults.list()).toEqual([]);
    await page.getByLabel('Operation').fill('FindItem');
    await page.getByLabel('What goes wrong').selectOption('HTTP 503');
    await page.getByLabel('The next request only').check();
    await button('Set').click();
    await page.getByText('"operation":"FindItem","times":1').waitFor();
    await button('Close').click();
    await button('Reset').click();
    await button('Reset everything').click();
    await page.getByText('Everything was reset.').waitFor();
    expect([exchange.faults.list(), exchange.mailbox(bob).folder('inbox').size, reports]).toEqual([[], 0, []]);
  });

  it('can be operated with the keyboard alone', async () => {
    for (const subject of ['one', 'two']) exchange.mailbox(bob).receive({ subject });
    await open();
    await folder('Inbox').focus();
    await page.keyboard.press('Enter');
    await row('two').waitFor();
    await page.keyboard.press('j');
    await details().getByRole('heading', { name: 'two' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await details().getByRole('heading', { name: 'one' }).waitFor();
    await page.keyboard.press('Delete');
    await row('one').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('c');
    await page.getByRole('dialog', { name: 'Compose' }).waitFor();
    await page.keyboard.press('Escape');
    // The focused row is gone, so focus leaves the dialog only with the next frame; until then keys go to the dialog's field.
    await page.waitForFunction('document.activeElement === document.body');
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('t');
    expect(await page.evaluate('document.documentElement.className')).toBe('light');
  });

  it('raises no objection of axe-core, light or dark, in any view', async () => {
    exchange.mailbox(bob).receive({ subject: 'Hello', from: alice, attachments: [{ name: 'a.txt', content: 'aGk=' }] });
    await post(exchange.url, envelope(createItem([message()])));
    exchange.faults.on('GetItem').nth(3).serverBusy();
    await open();
    for (const theme of ['light', 'dark']) {
      await page.keyboard.press('t');
      await button('Journal').click();
      await row('#1 CreateItem').click();
      await details().getByRole('region', { name: 'Request' }).waitFor();
      expect(await violations(), `${theme}, journal`).toEqual([]);
      await folder('Inbox').click();
      await row('Hello').first().click();
      await button('Properties').click();
      await details().getByRole('table').first().waitFor();
      expect(await violations(), `${theme}, properties`).toEqual([]);
      await button('Rendered').click();
      await details().locator('iframe').waitFor();
      expect(await violations(), `${theme}, body`).toEqual([]);
      await page.screenshot({ path: join(screenshots, `simulator-${theme}.png`) });
      for (const [key, name] of [
        ['c', 'Compose'],
        ['f', 'Faults'],
        ['?', 'Keyboard'],
      ] as const) {
        await page.locator('#list-title').focus();
        await page.keyboard.press(key);
        await page.getByRole('dialog', { name }).waitFor();
        expect(await violations(), `${theme}, ${name}`).toEqual([]);
        await page.keyboard.press('Escape');
      }
    }
  });

  it('requests nothing from other hosts, whatever a body tries to load', async () => {
    const asked: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      asked.push(request.url);
      response.end();
    });
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
    try {
      const at = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      const content =
        `<img src="${at}/image.gif"><link rel="stylesheet" href="${at}/style.css"><link rel="prefetch" href="${at}/prefetch">` +
        `<style>@import url(${at}/import.css);body{background:url(${at}/background)}@font-face{font-family:x;src:url(${at}/font)}b{font-family:x}</style><b>there</b>` +
        `<video src="${at}/video" autoplay poster="${at}/poster"></video><iframe src="${at}/frame"></iframe><object data="${at}/object"></object>` +
        `<meta http-equiv="refresh" content="0;url=${at}/refresh">`;
      exchange.mailbox(bob).receive({ subject: 'Loads', body: { type: 'html', content } });
      await open();
      await folder('Inbox').click();
      await row('Loads').click();
      await details().locator('iframe').waitFor();
      await page.evaluate('new Promise((resolve) => requestIdleCallback(resolve))');
      // A deliberate request arrives, and any earlier one would have.
      await fetch(`${at}/probe`);
      expect(asked).toEqual(['/probe']);
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it('offers no row of the place that was left, and shows no late answer for it, while a slow server looks for the new one', async () => {
    exchange.mailbox(bob).receive({ subject: 'In the inbox' });
    exchange.mailbox(bob).store('drafts', { subject: 'A draft' }, 'draft');
    await post(exchange.url, envelope(findItem()));
    const held: (() => void)[] = [];
    await page.route('**/api/v1/items?*', async (route) => {
      await new Promise<void>((answer) => held.push(answer));
      await route.continue();
    });
    const answer = async (n: number): Promise<void> => {
      await expect.poll(() => held.length).toBeGreaterThan(n);
      held[n]?.();
    };
    await open();
    await row('#1 FindItem').waitFor();
    await folder('Inbox').click();
    await row('#1 FindItem').waitFor({ state: 'detached' });
    await folder('Drafts').click();
    await answer(1);
    await row('A draft').waitFor();
    const late = page.waitForResponse('**/api/v1/items?*');
    await answer(0);
    await (await late).finished();
    await page.evaluate('new Promise((resolve) => setTimeout(resolve))');
    expect(await page.locator('#list').textContent()).toContain('A draft');
    await row('A draft').click();
    await details().getByRole('heading', { name: 'A draft' }).waitFor();
  });

  it('keeps a click whose list changes between mouse down and mouse up', async () => {
    await post(exchange.url, envelope(findItem()));
    await open();
    await row('#1 FindItem').hover();
    await page.mouse.down();
    // Another listener of the page is told after the page itself.
    const told = page.evaluate(`new Promise((resolve) => {
      new EventSource('api/v1/journal/stream?after=1').addEventListener('request', () => setTimeout(resolve));
    })`);
    await post(exchange.url, envelope(createItem([message()])));
    await told;
    await page.mouse.up();
    await details().getByRole('heading', { name: '#1 FindItem' }).waitFor();
    await row('#2 CreateItem').waitFor();
  });

  it('deletes the item that is shown, not one chosen whose answer is on its way; and shows that one in the view asked for meanwhile', async () => {
    const [, second] = ['First', 'Second'].map((subject) => exchange.mailbox(bob).receive({ subject }));
    await open();
    await folder('Inbox').click();
    await row('First').click();
    await details().getByRole('heading', { name: 'First' }).waitFor();
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route(`**/api/v1/items/${second?.id}`, async (route) => {
      asked.resolve();
      await answer.promise;
      await route.continue();
    });
    await row('Second').click();
    await asked.promise;
    await button('Source').click();
    await button('Delete').click();
    await page.getByText('Item deleted.').waitFor();
    expect(
      exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ subject }) => subject),
    ).toEqual(['Second']);
    answer.resolve();
    await details().locator('pre').filter({ hasText: 'Subject: Second' }).waitFor();
    expect(reports).toEqual([]);
  });

  it('shows what changed before the server began to tell of changes, and not a count that a later one has overtaken', async () => {
    const [streams, stale] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await page.route('**/api/v1/journal/stream', async (route) => {
      await streams.promise;
      await route.continue();
    });
    await open();
    await folder('Inbox').filter({ hasText: '0' }).click();
    await page.locator('#list').getByText('Nothing here.').waitFor();
    exchange.mailbox(bob).receive({ subject: 'Early' });
    const counted = Promise.withResolvers<void>();
    await page.route('**/api/v1/mailboxes', async (route) => {
      const response = await route.fetch();
      counted.resolve();
      await stale.promise;
      await route.fulfill({ response });
    });
    streams.resolve();
    await counted.promise;
    await page.unroute('**/api/v1/mailboxes');
    exchange.mailbox(bob).receive({ subject: 'Later' });
    await folder('Inbox').filter({ hasText: '2/2' }).waitFor();
    const late = page.waitForResponse('**/api/v1/mailboxes');
    stale.resolve();
    await (await late).finished();
    await row('Early').waitFor();
    expect(await folder('Inbox').textContent()).toContain('2/2');
  });

  it('opens no dialog over one that was opened while its answer was on its way, nor again after it was closed', async () => {
    const held: (() => void)[] = [];
    await page.route('**/api/v1/faults', async (route) => {
      if (route.request().method() === 'GET') await new Promise<void>((answer) => held.push(answer));
      await route.continue();
    });
    const answered = async (n: number): Promise<void> => {
      await expect.poll(() => held.length).toBe(n + 1);
      const answer = page.waitForResponse(
        (response) => response.url().endsWith('/faults') && response.request().method() === 'GET',
      );
      held[n]?.();
      await (await answer).finished();
      await page.evaluate('new Promise((resolve) => setTimeout(resolve))');
    };
    await open();
    await page.keyboard.press('f');
    await page.keyboard.press('c');
    await page.getByRole('textbox', { name: 'Subject' }).fill('Half written');
    await answered(0);
    expect(await page.getByRole('textbox', { name: 'Subject' }).inputValue()).toBe('Half written');
    await button('Close').click();
    await page.keyboard.press('f');
    await answered(1);
    await page.getByRole('switch', { name: 'Server busy' }).check();
    await button('Close').click();
    await answered(2);
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(exchange.faults.list()).toHaveLength(1);
  });

  it('works when a token is required', async () => {
    await using known = await startExchangeSimulator({ mailboxes: [bob], token: 's3cret' });
    known.mailbox(bob).receive({ subject: 'Hello', body: 'by token' });
    await page.goto(`${known.pageUrl}?token=s3cret`);
    await folder('Inbox').click();
    await row('Hello').click();
    await page.frameLocator('#details iframe').getByText('by token').waitFor();
    known.mailbox(bob).receive({ subject: 'Live too' });
    await row('Live too').waitFor();
  });
});

describe('hostile content', () => {
  const attack = 'fetch("/_exchange/api/v1/reset",{method:"POST"});top.hacked=1;globalThis.hacked=1';
  const payloads = [
    `<script>${attack}</script>`,
    `<img src=x onerror='${attack}'>`,
    `<svg onload='${attack}'></svg>`,
    `<iframe srcdoc="<script>${attack.replaceAll('"', '&quot;')}</script>"></iframe>`,
    `<iframe src='javascript:${attack}'></iframe>`,
    `<form action="/_exchange/api/v1/reset" method="post"><button autofocus>x</button></form><script>document.forms[0].submit()</script>`,
    `<meta http-equiv="refresh" content="0;url=javascript:${encodeURIComponent(attack)}">`,
    `<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/gone">`,
    `<base href="http://127.0.0.1:9/"><a href="x" autofocus>x</a>`,
    `<object data='data:text/html,<script>${attack}</script>'></object><embed src='javascript:${attack}'>`,
    `</pre></iframe></body></html><script>${attack}</script>`,
    `<math><mtext></p><style><!--</style><img title="--&gt;&lt;/mglyph&gt;&lt;img src=1 onerror=${attack}&gt;">`,
    `{{constructor.constructor('${attack}')()}} \${${attack}}`,
  ];

  it.each(payloads)('%s is not executed', async (payload) => {
    exchange.mailbox(bob).receive({
      subject: payload,
      body: { type: 'html', content: payload },
      from: { address: `"${payload}"@evil.test`, name: payload },
      itemClass: payload,
      properties: [{ path: { type: 'String', set: 'evil', name: payload }, value: payload }],
      attachments: [{ name: payload, content: 'aGk=', contentType: payload }],
    });
    exchange.mailbox(bob).receive({ subject: 'text', body: { type: 'text', content: payload } });
    await post(exchange.url, envelope('<m:FindItem/>'), {
      headers: { 'client-request-id': payload.replace(/[^\x20-\x7e]/g, '') },
    });
    await post(`${exchange.url}`, payload);
    await open();
    const seen = (): Promise<unknown> => page.evaluate('globalThis.hacked');
    await folder('Inbox').click();
    for (const n of [0, 1]) {
      await page.locator('#list button').nth(n).click();
      // Until it is shown, a view would be one of the item before.
      await details()
        .getByRole('heading', { name: n === 0 ? 'text' : payload, exact: true })
        .first()
        .waitFor();
      for (const view of ['Rendered', 'Source', 'Properties']) {
        await button(view).click();
        await details()
          .locator(view === 'Rendered' ? 'iframe' : view === 'Source' ? 'pre' : 'table')
          .first()
          .waitFor();
        if (view === 'Rendered') await page.frameLocator('#details iframe').locator('html').waitFor({ state: 'attached' });
      }
    }
    await button('Journal').click();
    for (const n of [0, 1]) {
      await page.locator('#list button').nth(n).click();
      await details().getByRole('region', { name: 'Request' }).waitFor();
    }
    const [item] = exchange.mailbox(bob).folder('inbox').items;
    expect([await seen(), exchange.mailbox(bob).folder('inbox').size, page.url()]).toEqual([undefined, 2, exchange.pageUrl]);
    // Opened directly, its own policy applies too.
    await page.goto(`${exchange.apiUrl}/items/${item?.id}/body`).catch(() => undefined);
    expect([await seen().catch(() => undefined), exchange.mailbox(bob).folder('inbox').size]).toEqual([undefined, 2]);
  });
});
