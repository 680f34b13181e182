import { parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { dashboard } from '../../src/dashboard/dashboard.ts';
import type { SpoolAdmin } from '../../src/spool/admin/contract.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { dashboardScene } from './scene.ts';

const bob = 'sip:bob@contoso.com';

describe('authorize', () => {
  it('is required, and invalid options are refused', () => {
    const spool = new MemorySpool();
    const authorize = () => new Response();
    expect(() => dashboard({ spool } as never)).toThrow(/authorize/);
    expect(() => dashboard({ spool: {} as never, authorize })).toThrow(/spool/);
    for (const basePath of ['queue', '/queue/', '//evil', '/a"b']) {
      expect(() => dashboard({ spool, authorize, basePath })).toThrow(/basePath/);
    }
  });

  it.each(['/', '/messages', '/message?id=m', '/events', '/dashboard.css', '/dashboard.js', '/nothing'])(
    'keeps %s from anyone it does not know',
    async (path) => {
      const asked: string[] = [];
      const scene = await dashboardScene({
        authorize: (request) => {
          asked.push(request.method);
          return new Response('Sign in.', { status: 401 });
        },
      });
      expect(await scene.get(path)).toMatchObject({ status: 401, text: 'Sign in.' });
      expect((await scene.post(path, {})).status).toBe(401);
      expect(asked).toEqual(['GET', 'POST']);
      await scene.end();
    },
  );

  it.each([
    ['throws', () => Promise.reject(new Error('database password'))],
    ['gives nothing', () => undefined as never],
    ['gives a user without rights', () => ({ user: 'x' }) as never],
    ['gives rights that are no booleans', () => ({ user: 'x', mayChange: 'yes', mayReadText: 1 }) as never],
  ])('that %s results in a 500 that does not say why', async (_name, authorize) => {
    const scene = await dashboardScene({ authorize });
    expect(await scene.get('/')).toMatchObject({ status: 500, text: 'The user could not be identified.\n' });
    await scene.end();
  });
});

describe('pages', () => {
  it('are complete HTML with a policy that allows only their own script, and are not cached', async () => {
    const scene = await dashboardScene();
    await scene.sender.send({ to: bob, text: 'x', messageId: 'm' });
    for (const path of ['/', '/messages', '/message?id=m', '/messages?state=dead', '/find?id=unknown']) {
      const { text, headers } = await scene.get(path);
      const errors: string[] = [];
      parse(text, { onParseError: ({ code }) => errors.push(code), sourceCodeLocationInfo: true });
      expect(errors, path).toEqual([]);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(text).not.toMatch(/<script(?! src=)|style=|\son\w+=|https?:\/\/(?!www\.w3\.org)/);
    }
    await scene.end();
  });

  it('show what waits for each mailbox, and why', async () => {
    const scene = await dashboardScene({ basePath: '/admin/queue' });
    await scene.sender.start();
    const error = new OfflineImError('AUTHENTICATION_FAILED', 'The server refused the login.', {});
    scene.transport.answer = async () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error });
    await scene.sender.send({ to: bob, text: 'x', messageId: 'm' });
    await scene.clock.advance(200_000);
    const { text } = await scene.get('/');
    expect(text).toContain('AUTHENTICATION_FAILED The server refused the login.');
    expect(text).toContain('href="/admin/queue/messages?mailbox=alice%40contoso.com"');
    expect((await scene.get('/find?id=m')).text).toContain('Fix the login or the permissions of the mailbox');
    await scene.end();
  });

  it('show markup in stored text as text', async () => {
    const scene = await dashboardScene({}, { user: '<img src=x>' });
    await scene.sender.send({ to: bob, text: '</pre><script>alert(1)</script>', messageId: '<b>"\'&' });
    await scene.sender.pause('alice@contoso.com', { by: '<i>', why: '"><script>' });
    const token = await scene.token();
    const pages = [
      (await scene.get('/')).text,
      (await scene.get('/messages')).text,
      (await scene.get(`/?done=${encodeURIComponent('<script>')}`)).text,
      await (await scene.post('/text', { token, id: '<b>"\'&' })).text(),
    ];
    for (const text of pages) expect(text).not.toMatch(/<script>|<img|<b>|<i>/);
    expect(pages[3]).toContain('&lt;/pre&gt;&lt;script&gt;alert(1)');
    await scene.end();
  });

  it('stop reading a large spool once the browser has gone', async () => {
    const scene = await dashboardScene();
    const admin = (scene.spool as SpoolStorage).admin as { listBy: SpoolAdmin['listBy'] };
    const gone = new AbortController();
    let looked = 0;
    admin.listBy = async () => {
      looked += 1;
      if (looked === 3) gone.abort();
      await new Promise((resolve) => setImmediate(resolve));
      return { entries: [], cursor: 'more', looked: 5_000 };
    };
    const response = await scene.handler(new Request('http://x/messages?code=EXPIRED', { signal: gone.signal }));
    expect({ status: response.status, looked }).toEqual({ status: 500, looked: 3 });
    await scene.end();
  });

  it('answer an invalid request with a status and a sentence', async () => {
    const scene = await dashboardScene({ basePath: '/q' });
    const at = async (path: string, init?: RequestInit) => (await scene.handler(new Request(`http://x${path}`, init))).status;
    expect(await at('/elsewhere')).toBe(404);
    expect(await at('/queue')).toBe(404);
    expect(await at('/q')).toBe(200);
    expect(await at('/q', { method: 'PUT' })).toBe(405);
    expect(await at('/q/messages?state=nonsense')).toBe(400);
    expect(await at('/q/messages?recipient=%00')).toBe(400);
    expect(await at('/q/find?id=unknown')).toBe(404);
    expect(await at('/q/pause', { method: 'POST', body: 'x' })).toBe(415);
    await scene.end();
    const other = await dashboardScene();
    expect((await other.post('/requeue-one', { token: await other.token(), id: 'forgotten' })).status).toBe(404);
    await other.end();
  });
});

describe('texts', () => {
  it('are hidden until requested by a form; each reading is audited with the name of the user', async () => {
    const scene = await dashboardScene();
    await scene.sender.send({ to: bob, text: 'for Bob only', messageId: 'm' });
    for (const path of ['/', '/messages', '/message?id=m', '/text?id=m'])
      expect((await scene.get(path)).text).not.toContain('for Bob');
    const shown = await scene.post('/text', { token: await scene.token(), id: 'm' });
    expect(await shown.text()).toContain('for Bob only');
    expect(await scene.spool.admin?.audit()).toMatchObject([{ by: 'carol', command: 'show --text' }]);
    await scene.end();
  });

  it('are shown to nobody without permission', async () => {
    const scene = await dashboardScene({}, { mayReadText: false });
    await scene.sender.send({ to: bob, text: 'for Bob only', messageId: 'm' });
    expect((await scene.get('/message?id=m')).text).toContain('Hidden: you are not allowed to read it.');
    expect((await scene.post('/text', { token: await scene.token(), id: 'm' })).status).toBe(403);
    expect(await scene.spool.admin?.audit()).toEqual([]);
    await scene.end();
  });

  it('of a sealed spool are never shown without its keys, not even sealed', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const { sealed } = await import('../../src/spool/sealed/sealed-spool.ts');
    const { aliceSends } = await import('../support/sender-fixture.ts');
    const { openSpool } = await import('../../src/admin/open-spool.ts');
    const root = await mkdtemp('/tmp/offline-im-dashboard-');
    const key = crypto.getRandomValues(new Uint8Array(32));
    const { sender } = aliceSends({
      spool: sealed(new FileSpool({ root }), { keys: [{ id: 'k', key }], routingKey: new Uint8Array(32).fill(7) }),
    });
    await sender.send({ to: bob, text: 'for Bob only', messageId: 'm' });
    await sender.stop();
    const spool = await openSpool(root);
    const scene = await dashboardScene({ spool });
    const [entry] = (await spool.list()).entries;
    const shown = await (await scene.post('/text', { token: await scene.token(), id: entry?.id ?? '' })).text();
    expect(shown).toContain('Sealed: this dashboard has no keys.');
    expect(shown).not.toMatch(/sealed1\./);
    expect((await scene.get('/messages')).text).not.toMatch(/sealed1\.|contoso/);
    await scene.end();
    await spool.close();
    await rm(root, { recursive: true });
  });
});

describe('changes', () => {
  it('pause and resume in the name of the user, and redirect to a page', async () => {
    const scene = await dashboardScene();
    const token = await scene.token();
    const paused = await scene.post('/pause', { token, mailbox: 'alice@contoso.com', why: 'moved' });
    expect([paused.status, paused.headers.get('location')?.slice(0, 7)]).toEqual([303, '/?done=']);
    const said = 'alice@contoso.com is paused: every sender stops delivering it';
    const location = paused.headers.get('location') ?? '';
    expect((await scene.get(location)).text).toContain(said);
    // The page does not show a message that a foreign link asks for.
    for (const link of [
      location.replace('is+paused', 'goes+on'),
      location.replace(/by=.*/, `by=${token}`),
      location.replace(/&by=.*/, ''),
    ])
      expect((await scene.get(link)).text).not.toContain('role="status"');
    expect((await scene.sender.stats()).paused).toMatchObject([{ lane: 'alice@contoso.com', by: 'carol', why: 'moved' }]);
    await scene.post('/resume', { token, mailbox: 'alice@contoso.com' });
    expect((await scene.sender.stats()).paused).toEqual([]);
    await scene.end();
  });

  it('requeue dead entries by filter after confirmation, but never those that may have been sent', async () => {
    const scene = await dashboardScene();
    const error = new OfflineImError('EWS_ERROR', 'no', {});
    scene.transport.answer = async () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
    for (const id of ['a', 'b']) await scene.sender.send({ to: bob, text: 'x', messageId: id, conversationId: id });
    await scene.sender.flush();
    expect((await scene.get('/messages?state=dead')).text).toContain('EWS_ERROR');
    const token = await scene.token();
    const asked = await (await scene.post('/requeue', { token, code: 'EWS_ERROR' })).text();
    expect(asked).toContain('Requeue 2');
    expect((await scene.sender.stats()).states.dead).toBe(2);
    await scene.post('/requeue', { token, code: 'EWS_ERROR', confirm: 'yes' });
    expect((await scene.sender.stats()).states).toMatchObject({ dead: 0, spooled: 2 });
    await scene.end();
  });

  it('are refused without permission, with the form of another user, and from other sites', async () => {
    const scene = await dashboardScene();
    const token = await scene.token();
    const status = async (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      (await scene.post('/pause', fields, headers)).status;
    expect(await status({})).toBe(403);
    expect(await status({ token: '0'.repeat(64) })).toBe(403);
    expect(await status({ token }, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ token, why: 'x'.repeat(70_000) })).toBe(413);
    const other = await dashboardScene({}, { user: 'dan' });
    expect(await (await other.post('/pause', { token })).status).toBe(403);
    const reader = await dashboardScene({}, { mayChange: false });
    expect((await reader.get('/')).text).not.toContain('action="/pause"');
    expect((await reader.post('/pause', { token: '' })).status).toBe(403);
    for (const { sender } of [scene, other, reader]) expect((await sender.stats()).paused).toEqual([]);
    await Promise.all([scene, other, reader].map((one) => one.end()));
  });

  it('are accepted by every process with the same secret', async () => {
    const secret = 'a secret of the fleet';
    const [one, other] = [await dashboardScene({ secret }), await dashboardScene({ secret })];
    expect((await other.post('/pause', { token: await one.token() })).status).toBe(303);
    await Promise.all([one, other].map((scene) => scene.end()));
  });
});

describe('live', () => {
  it('sends the numbers of each poll, ends the stream in time for authorize to be asked again, and forgets who has left', async () => {
    const scene = await dashboardScene();
    const response = await scene.handler(new Request('http://x/events'));
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = (response.body ?? new ReadableStream()).getReader();
    const next = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toContain('retry');
    await next();
    await scene.sender.send({ to: bob, text: 'x' });
    await scene.clock.advance(10_000);
    expect(await next()).toMatch(/^data: \{"at":\d+,"numbers":\[1,0,0,0,0,0,0,0\]\}\n\n$/);
    await scene.clock.advance(300_000);
    let isDone = false;
    while (!isDone) isDone = (await reader.read()).done;
    await scene.end();
  });

  it('keeps one hour, however long it runs', async () => {
    const scene = await dashboardScene();
    await scene.clock.advance(4 * 3_600_000);
    const points = /<polyline class="line spooled" points="([^"]+)"/.exec((await scene.get('/')).text)?.[1]?.split(' ') ?? [];
    expect(points.length).toBeLessThanOrEqual(361);
    expect(points.length).toBeGreaterThan(300);
    await scene.end();
  });
});
