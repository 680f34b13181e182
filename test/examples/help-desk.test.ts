import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { type Program, start } from './process.ts';

async function world() {
  const exchange = await startExchangeSimulator({ mailboxes: ['helpdesk@contoso.test', 'bob@contoso.test'] });
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-help-desk-'));
  onTestFinished(async () => {
    await exchange.close();
    await rm(folder, { recursive: true, force: true });
  });
  const settings = {
    EWS_URL: exchange.url,
    EWS_USERNAME: 'helpdesk@contoso.test',
    EWS_PASSWORD: 'any',
    SPOOL: join(folder, 'spool.db'),
    PORT: '0',
  };
  const run = async (
    pickupDelay: number,
  ): Promise<{ bot: Program; port: string; close(ticket: number, body: unknown): Promise<Answer> }> => {
    const bot = start('examples/help-desk.ts', { ...settings, PICKUP_DELAY: String(pickupDelay) });
    const port = await bot.printed(/listening on (\d+)/);
    return {
      bot,
      port,
      async close(ticket, body) {
        const response = await fetch(`http://127.0.0.1:${port}/tickets/${ticket}/closed`, {
          method: 'POST',
          body: typeof body === 'string' ? body : JSON.stringify(body),
          headers: { connection: 'close' },
        });
        return { status: response.status, body: (await response.json()) as Answer['body'] };
      },
    };
  };
  return { exchange, run };
}

interface Answer {
  readonly status: number;
  readonly body: { readonly messageId?: string; readonly code?: string };
}

it('help-desk.ts keeps accepted messages when stopped or killed, and delivers them once afterwards', async () => {
  const { exchange, run } = await world();
  const first = await run(3_600_000);
  const ticket = { requester: 'sip:bob@contoso.test', summary: 'new keyboard' };
  expect(await first.close(1, ticket)).toEqual({ status: 202, body: { messageId: 'ticket-1-closed' } });
  expect(await first.bot.end()).toBe(0);
  expect(first.bot.output()).toContain('stopped');

  const second = await run(3_600_000);
  expect(await second.close(1, ticket)).toEqual({ status: 200, body: { messageId: 'ticket-1-closed' } });
  expect((await second.close(2, ticket)).status).toBe(202);
  await second.bot.end('SIGKILL');
  expect(exchange.mailbox('bob@contoso.test').folder('inbox').items).toEqual([]);

  const third = await run(1);
  // The message that waits an hour still does; a third one of the conversation is due at once, behind them, and takes none along early.
  expect((await third.close(2, ticket)).status).toBe(200);
  expect(await third.bot.end()).toBe(0);
});

it('help-desk.ts stops cleanly while a caller holds its request open', async () => {
  const { run } = await world();
  const { bot, port } = await run(3_600_000);
  const slow = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void slow.destroy());
  slow.on('error', () => undefined);
  slow.write('POST /tickets/1/closed HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n{');
  // The server has the request headers: it asks for the rest.
  expect(String(await once(slow, 'data'))).toContain('100 Continue');
  expect(await bot.end()).toBe(0);
  expect(bot.output()).toContain('stopped');
});

it('help-desk.ts delivers, and tells the ticket system about its own mistakes', async () => {
  const { exchange, run } = await world();
  const { bot, close } = await run(1);
  expect((await close(7, { requester: 'sip:bob@contoso.test', summary: 'done' })).status).toBe(202);
  await bot.printed(/ticket-7-closed delivered/);
  const [note] = exchange.mailbox('bob@contoso.test').missedConversations();
  expect(note?.subject).toBe('Help Desk sent you a message in Skype for Business');
  expect(await close(7, { requester: 'sip:bob@contoso.test', summary: 'changed' })).toEqual({
    status: 409,
    body: { code: 'MESSAGE_ID_CONFLICT' },
  });
  expect(await close(8, 'no json')).toEqual({ status: 400, body: { code: 'BODY_UNREADABLE' } });
  expect(await close(8, { requester: 'nobody', summary: 'x' })).toEqual({ status: 400, body: { code: 'RECIPIENT_INVALID' } });
  expect(await bot.end()).toBe(0);
  expect(exchange.mailbox('helpdesk@contoso.test').folder('drafts').items).toEqual([]);
});
