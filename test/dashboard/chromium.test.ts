/** In a real Chromium, without a network: accessibility by axe-core in light and dark, keyboard, right-to-left text, and memory over an hour. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { nodeHandler } from '../../src/dashboard/node-handler.ts';
import { type Chromium, startChromium } from '../support/chromium.ts';
import { dashboardScene } from './scene.ts';

let chromium: Chromium | undefined;
let axe = '';

beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  chromium = await startChromium().catch(() => undefined);
});
afterAll(() => chromium?.close());

async function served() {
  const scene = await dashboardScene();
  const server = createServer(nodeHandler(scene.handler));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await scene.end();
  };
  return { ...scene, root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, end };
}

/** One message in each state that a page shows differently, in two mailboxes. */
async function fill({ sender, transport }: Awaited<ReturnType<typeof served>>): Promise<void> {
  const error = new OfflineImError('EWS_ERROR', 'הדואר נדחה: "quota" exceeded', {});
  transport.answer = async () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'first', messageId: 'dead-1' });
  await sender.flush();
  await sender.send({
    to: 'sip:bob@contoso.com',
    text: 'שלום, מה שלומך? \u202Eabc\u202C',
    messageId: 'הודעה-1',
    from: 'sip:dan@contoso.com',
  });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'held', messageId: 'held-1', conversationId: 'h' });
  await sender.hold('held-1');
  await sender.pause('dan@contoso.com', { by: 'carol', why: 'הועבר' });
}

/** The objections of axe-core to a page, by the rules of WCAG 2.2 A and AA. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })`,
  )) as {
    readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
    readonly passes: readonly unknown[];
  };
  expect(found.passes.length).toBeGreaterThan(10);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

it('raises no objection of axe-core on any page, light or dark', async ({ skip }) => {
  if (chromium === undefined) return skip('Chromium cannot start here');
  const scene = await served();
  await fill(scene);
  const page = await chromium.context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const path of ['/', '/messages', '/messages?state=dead', '/message?id=dead-1', '/find?id=held-1']) {
      await page.goto(scene.root + path);
      expect(await violations(page), `${path} in ${colorScheme}`).toEqual([]);
      expect((await page.screenshot()).length).toBeGreaterThan(5_000);
    }
  }
  // Neither the policy nor anything else blocked the pages themselves.
  expect(complaints).toEqual([]);
  await page.close();
  await scene.end();
});

it('can be operated with the keyboard alone: skip to content, show a text, confirm a requeue', async ({ skip }) => {
  if (chromium === undefined) return skip('Chromium cannot start here');
  const scene = await served();
  await fill(scene);
  const page = await chromium.context.newPage();
  await page.goto(`${scene.root}/messages?state=dead`);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  const reach = async (label: RegExp): Promise<void> => {
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      const [text, outline] = (await page.evaluate(
        '[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]',
      )) as [string, string];
      if (!label.test(text)) continue;
      expect(outline).toBe('solid');
      return;
    }
    throw new Error(`The keyboard does not reach ${label}.`);
  };
  const press = (): Promise<unknown> => Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  await reach(/^Requeue dead/);
  await press();
  await reach(/^Requeue 1$/);
  await press();
  expect(await page.textContent('[role=status]')).toBe('1 requeued.');
  expect((await scene.sender.stats()).states).toMatchObject({ dead: 0, spooled: 2 });
  await page.goto(`${scene.root}/find?id=${encodeURIComponent('הודעה-1')}`);
  await reach(/^Show text/);
  await press();
  const [text, direction] = (await page.evaluate(
    `[document.querySelector('pre').textContent, getComputedStyle(document.querySelector('pre')).direction]`,
  )) as [string, string];
  expect(text).toContain('שלום');
  expect(direction).toBe('rtl');
  await page.close();
  await scene.end();
});

it('does not grow over an hour of events, and shows the latest', async ({ skip }) => {
  if (chromium === undefined) return skip('Chromium cannot start here');
  const scene = await served();
  const page = await chromium.context.newPage();
  await page.goto(`${scene.root}/`);
  const devtools = await chromium.context.newCDPSession(page);
  const seen = (): Promise<number> => page.evaluate(`Number(document.getElementById('live').dataset.seen || 0)`);
  const size = async (): Promise<{ readonly heap: number; readonly nodes: number }> => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    const { nodes } = await devtools.send('Memory.getDOMCounters');
    return { heap: usedSize, nodes };
  };
  /** That many polls of the spool, each seen by the page; the page itself reopens a stream that ended. */
  const pass = async (looks: number): Promise<void> => {
    for (let look = 0; look < looks; look++) {
      const before = await seen();
      if (look % 10 === 0) await scene.sender.send({ to: 'sip:bob@contoso.com', text: 'x', conversationId: `${look}` });
      await expect
        .poll(async () => {
          await scene.clock.advance(10_000);
          return seen();
        })
        .toBeGreaterThan(before);
    }
  };
  // Once the ring is full, nothing more may be added.
  await pass(370);
  const full = await size();
  await pass(360);
  const later = await size();
  expect(later.nodes).toBeLessThanOrEqual(full.nodes * 1.05 + 10);
  expect(later.heap).toBeLessThan(full.heap * 1.1 + 200_000);
  // Stays, whenever a sample is taken.
  await scene.sender.pause('alice@contoso.com', { by: 'carol', why: 'x' });
  await scene.sender.send({ to: 'sip:bob@contoso.com', text: 'x', conversationId: 'the last' });
  const { states } = await scene.sender.stats();
  await expect
    .poll(async () => {
      await scene.clock.advance(10_000);
      return page.textContent('[data-state=spooled] a');
    })
    .toBe(String(states.spooled));
  await page.close();
  await scene.end();
});
