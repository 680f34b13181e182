/** In a real Chromium, which repeats a POST when a connection is lost: through the relay no note arrives twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relay } from '../../src/relay.ts';
import { startExchangeSimulator } from '../../src/testing.ts';
import { type Site, startSite } from '../spool/indexeddb/browser/site.ts';
import { type Chromium, startChromium } from '../support/chromium.ts';
import { serveHandler } from '../support/relay-server.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const path = '/EWS/Exchange.asmx';
let chromium: Chromium | undefined;
let site: Site | undefined;

beforeAll(async () => {
  [site, chromium] = await Promise.all([startSite(), startChromium().catch(() => undefined)]);
});
afterAll(async () => {
  await chromium?.close();
  await site?.close();
});

describe('a page behind the relay', () => {
  it('sends every note once, though every third response is lost', async ({ skip }) => {
    if (chromium === undefined || site === undefined) return skip('Chromium cannot start here');
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
    const passedOn = relay({ upstreams: { [path]: exchange.url }, origins: [new URL(site.url).origin] });
    await using front = await serveHandler(passedOn);
    front.loses = (operation, nth) => operation === 'CreateItem' && nth % 3 === 0;
    const page = await chromium.context.newPage();
    await page.goto(site.url);
    const ask = (what: string, ...args: readonly unknown[]): Promise<unknown> =>
      page.evaluate(`spoolPage.${what}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`);
    const messages = Array.from({ length: 30 }, (_, n) => ({ id: `m${n}`, conversationId: `c${n}`, text: `#${n}#` }));
    await ask('open', { url: front.origin + path });
    expect(await ask('start')).toBe('done');
    // One at a time, so that idle connections are reused: a browser repeats requests on those.
    for (const message of messages) {
      expect(await ask('send', [message])).toBe(1);
      await page.waitForTimeout(60);
    }
    await expect.poll(async () => ((await ask('counts')) as Record<string, number>).delivered).toBe(30);
    expect(await ask('stop')).toBe('done');
    const shown = exchange
      .mailbox(bob)
      .folder('inbox')
      .items.flatMap(({ body }) => body.content.match(/#\d+#/g) ?? []);
    expect([...shown].sort()).toEqual(messages.map(({ text }) => text).sort());
    // The browser did repeat; otherwise this proves nothing.
    const sends = front.seen.filter((line) => line.startsWith('CreateItem'));
    expect(sends.length).toBeGreaterThan(new Set(sends).size);
  });
});
