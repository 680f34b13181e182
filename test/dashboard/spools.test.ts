/** The dashboard over each kind of spool in another process, and over a large one. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSpool } from '../../src/admin/open-spool.ts';
import type { SpoolHandle } from '../../src/admin/spool-handle.ts';
import { dashboard } from '../../src/dashboard/dashboard.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { fill } from '../cli/running-sender.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { newEntry } from '../support/spool-entries.ts';

let folder: string;
let server: Awaited<ReturnType<typeof PostgresServer.database>> | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-dashboard-'));
  server = await PostgresServer.database();
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

function browser(spool: SpoolHandle | SpoolStorage) {
  const handler = dashboard({ spool, authorize: () => ({ user: 'carol', mayChange: true, mayReadText: true }) });
  const get = async (path: string) => {
    const answer = await handler(new Request(`http://x${path}`));
    return { status: answer.status, text: await answer.text() };
  };
  const post = async (path: string, fields: Readonly<Record<string, string>>) => {
    const token = /name="token" value="([0-9a-f]+)"/.exec((await get('/')).text)?.[1] ?? '';
    const answer = await handler(
      new Request(`http://x${path}`, { method: 'POST', body: new URLSearchParams({ ...fields, token }) }),
    );
    return { status: answer.status, text: await answer.text() };
  };
  return { get, post, close: () => handler.close() };
}

describe.each(['file', 'sqlite', 'postgres'])('over a %s spool that a sender has open in another process', (kind) => {
  it('shows and changes entries, and reads requested texts', async () => {
    const where = kind === 'postgres' ? (server?.connectionString ?? '') : join(folder, kind);
    const sender = await fill(kind, where, true);
    const spool = await openSpool(where);
    const { get, post, close } = browser(spool);
    expect((await get('/')).text).toMatch(/data-state="dead"><a [^>]*>1</);
    expect((await get('/messages?recipient=CAROL@contoso.com')).text).toContain('<bdi>waits</bdi>');
    expect((await get('/message?id=waits')).text).toContain('is waiting for its pickup time');
    expect((await get('/message?id=waits')).text).not.toContain('hidden words');
    expect((await get('/find?id=a%00b')).status).toBe(404);
    expect((await post('/text', { id: 'waits' })).text).toContain('hidden words');
    expect((await post('/pause', { why: 'moved' })).status).toBe(303);
    expect((await get('/message?id=waits')).text).toContain('Delivery was paused for every mailbox');
    expect((await post('/requeue', { confirm: 'yes' })).status).toBe(303);
    expect((await spool.stats()).states).toMatchObject({ dead: 0, spooled: 2 });
    expect((await post('/resume', {})).status).toBe(303);
    expect((await spool.audit()).map(({ by, command }) => `${by}: ${command}`)).toEqual([
      'carol: resume',
      'carol: requeue',
      'carol: pause',
      'carol: show --text',
    ]);
    close();
    await spool.close();
    expect(sender.exitCode).toBeNull();
    sender.kill('SIGKILL');
    await once(sender, 'exit');
  });
});

it('of 2,000 mailboxes, shows those with an obstacle, and the number of the others', async () => {
  const spool = new MemorySpool();
  await spool.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  const all = Array.from({ length: 2_000 }, (_, at) =>
    newEntry(`e${at}`, { messageId: `m${at}`, lane: `sender${at}@contoso.com` }),
  );
  await spool.append(all);
  await spool.admin?.pause({ lane: 'sender1999@contoso.com', by: 'carol', why: 'moved' });
  const { get, close } = browser(spool);
  const { text } = await get('/');
  expect(text.length).toBeLessThan(200_000);
  expect(text).toContain('1900 more mailboxes have waiting messages');
  expect(text).toContain('paused by <bdi>carol</bdi>: <bdi>moved</bdi>');
  let [pages, path] = [0, '/messages?state=spooled'];
  for (; pages < 3; pages++) {
    const page = await get(path);
    expect(page.text.match(/<th scope="row">/g)).toHaveLength(50);
    path = /href="(\/messages\?[^"]*cursor=[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  }
  // A cursor of another list, or an invented one.
  expect((await get(path.replace('state=spooled', 'state=dead'))).status).toBe(400);
  expect((await get('/messages?cursor=ended:1')).status).toBe(400);
  close();
  await spool.close();
});
