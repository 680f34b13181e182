/** Attacks on the dashboard by someone with a browser, a page of their own, or a message to send. */
import { parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { dashboard } from '../../src/dashboard/dashboard.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { newEntry } from '../support/spool-entries.ts';
import { dashboardScene } from './scene.ts';

const markup = `"'><img src=x onerror=alert(1)><script>alert(1)</script>`;

interface Node {
  readonly nodeName: string;
  readonly attrs?: readonly { readonly name: string; readonly value: string }[];
  readonly childNodes?: readonly Node[];
}

/** Markup that a page must never contain, wherever it comes from. */
function dangersIn(text: string): readonly string[] {
  const found: string[] = [];
  const visit = ({ nodeName, attrs = [], childNodes = [] }: Node): void => {
    const names = attrs.map(({ name }) => name);
    if (['img', 'iframe', 'object', 'embed', 'base', 'b', 'i', 'style'].includes(nodeName)) found.push(nodeName);
    if (nodeName === 'script' && !(names.includes('src') && childNodes.length === 0)) found.push('script');
    for (const { name, value } of attrs) {
      if (name.startsWith('on') || name === 'style') found.push(name);
      if (['href', 'src', 'action'].includes(name) && !/^\/(?!\/)|^#/.test(value)) found.push(`${name}=${value}`);
    }
    for (const one of childNodes) visit(one);
  };
  visit(parse(text) as Node);
  return found;
}

/** A spool written by another program: every text of an entry is markup, as far as a spool accepts it. */
async function fromStrangers() {
  const clock = new ManualClock();
  const spool = new MemorySpool();
  await spool.open({ clock, tombstones: 86_400_000 });
  const entry = newEntry(`e${markup}`, { messageId: `m${markup}`, lane: `l${markup}`, pickupIn: 0 });
  const from = { sip: 'sip:x', mailbox: { address: `l${markup}`, name: markup } };
  const to = [{ address: `t${markup}`, name: markup }];
  await spool.append([{ ...entry, message: { ...entry.message, from, to, text: markup, html: markup } }]);
  await spool.admin?.pause({ lane: `l${markup}`, by: markup, why: markup });
  const who = { user: markup.slice(0, 100), mayChange: true, mayReadText: true };
  const handler = dashboard({ spool, authorize: () => who, clock });
  const get = async (path: string): Promise<string> => (await handler(new Request(`http://x${path}`))).text();
  return { spool, handler, get };
}

describe('markup', () => {
  it('in ids, mailboxes, names, reasons and texts is shown as text on every page', async () => {
    const { spool, handler, get } = await fromStrangers();
    const token = /name="token" value="([0-9a-f]+)"/.exec(await get('/'))?.[1] ?? '';
    const id = encodeURIComponent(`e${markup}`);
    const say = encodeURIComponent(markup);
    const pages = [
      ...['/', '/messages', `/message?id=${id}`, `/find?id=${say}`, `/?done=${say}&by=${say}`].map(get),
      ...['state', 'mailbox', 'recipient', 'code', 'cursor'].map((name) => get(`/messages?${name}=${say}`)),
      ...['/text', '/requeue-one', '/requeue', '/pause', '/resume', '/retry-now'].map(async (path) => {
        const fields = { token, id: `e${markup}`, mailbox: markup, why: markup, code: markup, recipient: markup };
        const answer = await handler(new Request(`http://x${path}`, { method: 'POST', body: new URLSearchParams(fields) }));
        return `${await answer.text()}<a href="${(answer.headers.get('location') ?? '/').replaceAll('"', '&quot;')}"></a>`;
      }),
    ];
    for (const text of await Promise.all(pages)) expect(dangersIn(text)).toEqual([]);
    expect(await pages[2]).toContain('&lt;script&gt;');
    handler.close();
    await spool.close();
  });
});

describe('addresses', () => {
  it.each([
    '//evil.example/',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/dashboard.css/../../x',
    '/constructor',
    '/__proto__',
    '/%00',
    '/messages/',
    '/MESSAGES',
    '/\\evil',
  ])('that try to break out lead nowhere: %s', async (path) => {
    const scene = await dashboardScene();
    const { status, text } = await scene.get(path);
    expect({ status, text }).toEqual({ status: 404, text: 'Not found.\n' });
    expect((await scene.post(path, { token: await scene.token() })).status).toBe(404);
    await scene.end();
  });

  it.each(['/find?id=%00', '/message?id=a%00b', '/find?id=%ED%A0%80', `/find?id=${'x'.repeat(10_000)}`])(
    'of entries that no spool can hold find nothing: %#',
    async (path) => {
      const scene = await dashboardScene();
      expect((await scene.get(path)).status).toBe(404);
      await scene.end();
    },
  );
});

describe('forms', () => {
  const forged: readonly [string, Readonly<Record<string, string>>][] = [
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of a name beside it', { 'sec-fetch-site': 'same-site' }],
    ['a frame without an origin', { origin: 'null' }],
  ];
  it.each(forged)('from %s change nothing, even with a valid token', async (_, headers) => {
    const scene = await dashboardScene();
    expect((await scene.post('/pause', { token: await scene.token(), mailbox: '' }, headers)).status).toBe(403);
    expect((await scene.spool.admin?.paused()) ?? []).toEqual([]);
    await scene.end();
  });

  it('do not let the form token of one user sign a message shown to another, whatever the user is called', async () => {
    const spool = new MemorySpool();
    await spool.open({ clock: new ManualClock(), tombstones: 86_400_000 });
    let user = 'carol';
    const clock = new ManualClock();
    const handler = dashboard({ spool, authorize: () => ({ user, mayChange: true, mayReadText: false }), clock });
    const ask = (path: string, fields?: Readonly<Record<string, string>>) =>
      handler(new Request(`http://x${path}`, fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }));
    const tokenIn = async (): Promise<string> =>
      /name="token" value="([0-9a-f]+)"/.exec(await (await ask('/')).text())?.[1] ?? '';
    // Someone who can choose a name chooses one that says what they want Carol to read.
    user = JSON.stringify(['carol', 'Call this number']);
    const by = await tokenIn();
    user = 'carol';
    expect(await (await ask(`/?done=${encodeURIComponent('Call this number')}&by=${by}`)).text()).not.toContain(
      'Call this number',
    );
    handler.close();
    await spool.close();
  });
});

describe('live numbers', () => {
  it('stop with the dashboard, so that its server can close, and are refused afterwards', async () => {
    const scene = await dashboardScene();
    const response = await scene.handler(new Request('http://x/events'));
    const reader = (response.body ?? new ReadableStream()).getReader();
    scene.handler.close();
    let parts = 0;
    while (!(await reader.read()).done) parts += 1;
    expect(parts).toBeLessThan(4);
    expect((await scene.handler(new Request('http://x/events'))).status).toBe(503);
    await scene.end();
  });

  it('send only headers in response to HEAD, and start no stream', async () => {
    const scene = await dashboardScene();
    for (let count = 0; count < 200; count++) {
      const { status, body } = await scene.handler(new Request('http://x/events', { method: 'HEAD' }));
      expect({ status, body }).toEqual({ status: 200, body: null });
    }
    expect((await scene.handler(new Request('http://x/', { method: 'HEAD' }))).body).toBeNull();
    await scene.end();
  });

  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('the source is gone'))],
    ['never ends', () => new Promise(() => {})],
  ])('send only headers, even if closing the body that authorize() returned %s', async (_, cancel) => {
    const body = new ReadableStream({ cancel: () => cancel() as Promise<void> });
    const scene = await dashboardScene({ authorize: () => new Response(body, { status: 401 }) });
    const answer = await scene.handler(new Request('http://x/', { method: 'HEAD' }));
    expect([answer.status, answer.body]).toEqual([401, null]);
    await scene.end();
  });

  it('are served to 100 of 10,000 pages, and to others as those leave', async () => {
    const scene = await dashboardScene();
    const answers = await Promise.all(Array.from({ length: 10_000 }, () => scene.handler(new Request('http://x/events'))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100);
    expect(answers.filter(({ status, headers }) => status === 503 && headers.get('retry-after') !== null)).toHaveLength(9_900);
    await Promise.all(answers.map(({ body }) => body?.cancel()));
    expect((await scene.handler(new Request('http://x/events'))).status).toBe(200);
    await scene.end();
  });
});
