/**
 * The dashboard behind five servers: node:http, Express, Fastify and Hono, and whatever takes a `(Request) => Promise<Response>` itself, such as Next.
 *
 *     node dashboard.ts # in a folder with express, fastify and hono; from a clone: node --import ./examples/from-source.ts examples/dashboard.ts
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { basicAuth, EwsTransport, MemorySpool, OfflineImSender } from 'offline-im';
import { type Dashboard, type DashboardOptions, dashboard, nodeHandler } from 'offline-im/dashboard';
import { createExchange } from 'offline-im/testing';

const basePath = '/admin/messages';

/** Your login decides; here it is a header, which only your own proxy may set. */
const authorize: DashboardOptions['authorize'] = (request) => {
  const user = request.headers.get('x-operator');
  if (user === null) return new Response('Sign in first.\n', { status: 401 });
  return { user, mayChange: true, mayReadText: false };
};

/** node:http: the handler as it is. */
function overNodeHttp(handler: Dashboard) {
  return createServer(nodeHandler(handler));
}

/** Express: before parsers of bodies. */
function overExpress(handler: Dashboard) {
  const app = express();
  app.use(basePath, nodeHandler(handler));
  app.use(express.urlencoded());
  return createServer(app);
}

/** Fastify: forms are left unread for the dashboard, within this part of the server only. */
async function overFastify(handler: Dashboard) {
  const app = fastify();
  app.register(async (part) => {
    part.removeAllContentTypeParsers();
    part.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const handle = nodeHandler(handler);
    for (const url of [basePath, `${basePath}/*`]) {
      part.all(url, (request, reply) => {
        reply.hijack();
        return handle(request.raw, reply.raw);
      });
    }
  });
  await app.ready();
  return app.server;
}

/** Hono, and every other server of `Request` and `Response`: the handler as it is. */
function overHono(handler: Dashboard) {
  const app = new Hono();
  app.all(`${basePath}/*`, (context) => handler(context.req.raw));
  return createServer(nodeHandler(async (request) => app.fetch(request)));
}

/** Next: `app/admin/messages/[[...path]]/route.ts` exports this as GET and as POST. */
function overNext(handler: Dashboard) {
  const route = { GET: (request: Request) => handler(request), POST: (request: Request) => handler(request) };
  return createServer(nodeHandler((request) => (request.method === 'POST' ? route.POST(request) : route.GET(request))));
}

const exchange = createExchange({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
const spool = new MemorySpool();
const sender = new OfflineImSender({
  identity: { sip: 'sip:alice@contoso.test' },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool,
  transport: new EwsTransport({
    url: exchange.url,
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }),
    fetch: exchange.fetch,
  }),
});
await sender.start();
await sender.send({ to: 'sip:bob@contoso.test', text: 'Are you there?', messageId: 'ticket-4711' });

const handler = dashboard({ spool, basePath, authorize });
const servers = {
  'node:http': overNodeHttp(handler),
  Express: overExpress(handler),
  Fastify: await overFastify(handler),
  Hono: overHono(handler),
  Next: overNext(handler),
};
for (const [name, server] of Object.entries(servers)) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}${basePath}`;
  const headers = { 'x-operator': 'carol' };
  const stranger = await fetch(`${root}/messages`);
  const list = await (await fetch(`${root}/messages`, { headers })).text();
  const overview = await (await fetch(`${root}/`, { headers })).text();
  const token = /name="token" value="(\w+)"/.exec(overview)?.[1] ?? '';
  const form = new URLSearchParams({ token, mailbox: 'alice@contoso.test', why: `asked through ${name}` });
  const paused = await fetch(`${root}/pause`, { method: 'POST', headers, body: form, redirect: 'manual' });
  const [pause] = (await sender.stats()).paused;
  console.log(`${name}: ${stranger.status}, ${list.includes('ticket-4711')}, ${paused.status}, ${pause?.by}: ${pause?.why}`);
  server.closeAllConnections();
  server.close();
}
handler.close();
await sender.stop();
