import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { start } from './process.ts';

/** Who is present, and what was said to them. */
async function startPresence(online: ReadonlySet<string>) {
  const said: string[] = [];
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const { to, text } = (await json(request)) as { to: string; text: string };
      said.push(`${to}: ${text}`);
      response.end();
      return;
    }
    const sip = decodeURIComponent((request.url ?? '').slice('/presence/'.length));
    response.end(JSON.stringify({ availability: online.has(sip) ? 'Busy' : 'Offline' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, said };
}

it('presence.ts talks to users who are there, leaves a note for those away, and withdraws it when they return', async () => {
  const [bob, carol, dave] = ['sip:bob@contoso.test', 'sip:carol@contoso.test', 'sip:dave@contoso.test'];
  const online = new Set([bob]);
  const presence = await startPresence(online);
  const exchange = await startExchangeSimulator({
    mailboxes: ['bot', 'bob', 'carol', 'dave'].map((name) => `${name}@contoso.test`),
  });
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-presence-'));
  onTestFinished(async () => {
    await exchange.close();
    await rm(folder, { recursive: true, force: true });
  });
  const bot = start('examples/presence.ts', {
    PRESENCE_URL: presence.url,
    EWS_URL: exchange.url,
    EWS_USERNAME: 'bot@contoso.test',
    EWS_PASSWORD: 'any',
    SPOOL: join(folder, 'bot.db'),
    PICKUP_DELAY: '1500',
  });
  bot.tell({ id: 'b', to: bob, text: 'Stand-up!' });
  await bot.printed(/b: said/);
  bot.tell({ id: 'c', to: carol, text: 'Stand-up!' });
  bot.tell({ id: 'd', to: dave, text: 'Stand-up!' });
  await bot.printed(/c: note left/);
  online.add(carol);
  await bot.printed(/d: note delivered/);
  await bot.printed(/c: said after the return/);
  expect(await bot.end()).toBe(0);
  const notes = (name: string): number => exchange.mailbox(`${name}@contoso.test`).folder('inbox').items.length;
  expect(['bob', 'carol', 'dave'].map(notes)).toEqual([0, 0, 1]);
  expect(presence.said).toEqual([`${bob}: Stand-up!`, `${carol}: Stand-up!`]);
});
