/** In a real Chromium, with a cross-origin service that exposes neither Date nor Retry-After: an undecidable draft is pending, and the back-off is ours. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Chromium, startChromium } from '../support/chromium.ts';

const tag = 'note-1:1';
let chromium: Chromium | undefined;
let script = '';
const closes: (() => void)[] = [];

beforeAll(async () => {
  const stdin = {
    contents: `import { GraphTransport } from './src/graph/graph-transport.ts'; globalThis.GraphTransport = GraphTransport;`,
    resolveDir: process.cwd(),
  };
  const bundle = await build({ stdin, bundle: true, write: false, format: 'iife', platform: 'browser' });
  script = bundle.outputFiles[0]?.text ?? '';
  chromium = await startChromium().catch(() => undefined);
});
afterAll(async () => {
  for (const close of closes) close();
  await chromium?.close();
});

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Responses as a cross-origin service gives them to a page: it allows the request, and exposes no header. */
function toPages(
  status: number,
  body: string,
  retryAfter?: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    request.resume();
    const cors = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': '*, authorization, client-request-id, return-client-request-id, content-type',
      'access-control-allow-methods': 'GET, POST',
    };
    if (request.method === 'OPTIONS') {
      response.writeHead(204, cors).end();
      return;
    }
    const wait = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    response.writeHead(status, { ...cors, 'content-type': 'application/json', ...wait }).end(body);
  };
}

it("a draft of any age is pending, and a busy server's back-off is unknown", async ({ skip }) => {
  if (chromium === undefined) return skip('Chromium cannot start here');
  const flags = [{ id: 'Integer 0xe07', value: '8' }];
  const own = [{ id: 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag', value: tag }];
  const draft = { id: 'x', isDraft: true, createdDateTime: '2001-01-01T00:00:00Z' };
  const moves: string[] = [];
  const mailbox = await serve((request, response) => {
    const path = decodeURIComponent(request.url ?? '').split('?')[0] ?? '';
    if (path.endsWith('/move')) moves.push(path);
    const list = path.endsWith('/drafts/messages') ? [{ ...draft, singleValueExtendedProperties: own }] : [];
    const body = path.endsWith('/messages/x') ? { ...draft, singleValueExtendedProperties: flags } : { value: list };
    toPages(200, JSON.stringify(body))(request, response);
  });
  const busy = await serve(toPages(503, '{}', '120'));
  const throttled = await serve(toPages(429, '{"error":{"code":"ApplicationThrottled","message":""}}', '120'));
  const accepts = await serve(toPages(202, ''));
  const site = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'));
  const page = await chromium.context.newPage();
  await page.goto(site);
  await page.addScriptTag({ content: script });
  const results = await page.evaluate(`(async () => {
    const options = { signal: new AbortController().signal, mayWrite: () => true };
    const at = (root) => {
      const transport = new GraphTransport({ root, credential: async () => ({ token: 'a.b.c' }) });
      const from = { address: 'alice@contoso.test' };
      const place = transport.placeOf(from);
      const note = { id: 'note-1', attempt: 1, tag: '${tag}', unknownAttempts: [{ tag: '${tag}', place }], place, from,
        to: [{ address: 'bob@contoso.test' }], audience: 'same-organization', messageClass: 'IPM.Note', subject: 's',
        body: { type: 'text', content: 'x' }, sentAt: new Date(0), conversationId: 'c', entryIds: ['e'] };
      return { deliver: async () => (await transport.deliver([note], options))[0], probe: async () => (await transport.probe([note], options))[0] };
    };
    const plain = ({ status, retryAfter = 'none' }) => [status, retryAfter];
    return {
      draft: await at('${mailbox}').probe(),
      busy: plain(await at('${busy}').deliver()),
      throttled: plain(await at('${throttled}').deliver()),
      accepted: plain(await at('${accepts}').deliver()),
    };
  })()`);
  expect(results).toEqual({
    draft: { status: 'pending' },
    busy: ['unconfirmed', 'none'],
    throttled: ['deferred', 'none'],
    accepted: ['delivered', 'none'],
  });
  expect(moves).toEqual([]);
});
