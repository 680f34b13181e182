import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { relay } from '../../../src/relay.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { type Chromium, startChromium } from '../../support/chromium.ts';
import { type HandlerServer, serveHandler } from '../../support/relay-server.ts';
import { root } from '../process.ts';

const folder = join(root, 'examples/renderer');
const ews = '/EWS/Exchange.asmx';
let exchange: ExchangeSimulator;
let chromium: Chromium | undefined;
let failure = '';

beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: ['alice', 'bob', 'carol'].map((name) => `${name}@contoso.test`) });
  chromium = await startChromium().catch((error: unknown) => {
    failure = `Chromium cannot start here: ${String(error)}`;
    return undefined;
  });
});
afterAll(async () => {
  await chromium?.close();
  await exchange.close();
});
beforeEach(({ skip }) => skip(chromium === undefined, failure));

/** The page as bundled, and the relay of docs/browsers.md, from one origin. At `/later`, notes wait an hour. */
async function serve(): Promise<HandlerServer> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'renderer.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    tsconfig: join(root, 'tsconfig.json'),
  });
  const script = outputFiles[0]?.text ?? '';
  const html = await readFile(join(folder, 'index.html'), 'utf8');
  let passOn: ReturnType<typeof relay> | undefined;
  const server = await serveHandler(async (request) => {
    const { origin, pathname } = new URL(request.url);
    passOn ??= relay({ upstreams: { [ews]: exchange.url }, origins: [origin] });
    if (pathname === ews) return passOn(request);
    if (pathname === '/renderer.js') return new Response(script, { headers: { 'content-type': 'text/javascript' } });
    const pickupDelay = pathname === '/later' ? 3_600_000 : 1;
    const settings = { url: `${origin}${ews}`, username: 'alice@contoso.test', password: 'any', pickupDelay };
    const page = html.replace('<form', `<script>globalThis.settings = ${JSON.stringify(settings)}</script><form`);
    return new Response(page, { headers: { 'content-type': 'text/html' } });
  });
  return server;
}

async function visit(url: string): Promise<Page> {
  if (chromium === undefined) throw new Error('there is no browser');
  const page = await chromium.context.newPage();
  await page.goto(url);
  await page.waitForSelector('body[data-ready]');
  return page;
}

async function leave(page: Page, to: string, text: string): Promise<void> {
  await page.fill('[name=to]', to);
  await page.fill('[name=text]', text);
  await page.click('button');
}

const notesOf = (name: string): number => exchange.mailbox(`${name}@contoso.test`).missedConversations().length;

it('renderer.ts keeps a note after its page is closed, and delivers through the relay', async () => {
  await using site = await serve();
  const first = await visit(`${site.origin}/later`);
  await leave(first, 'sip:bob@contoso.test', 'Are you there?');
  await first.waitForSelector('li:text("waits")');
  await first.close();

  const second = await visit(`${site.origin}/`);
  await second.waitForSelector('li:text("spooled")');
  await leave(second, 'nobody', 'x');
  await second.waitForSelector('#refused');
  await leave(second, 'sip:carol@contoso.test', 'And you?');
  await second.waitForSelector('li:text("delivered")');
  expect([notesOf('bob'), notesOf('carol')]).toEqual([0, 1]);
  await second.close();

  const third = await visit(`${site.origin}/later`);
  expect((await third.locator('li').allTextContents()).sort()).toEqual(['delivered', 'spooled']);
});

it('renderer.ts compiles for browsers', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const run = promisify(execFile)(process.execPath, [tsc, '-p', folder]);
  expect((await run.catch((error: { stdout: string }) => error)).stdout).toBe('');
});
