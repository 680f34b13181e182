/**
 * A help desk that tells people that their ticket was closed, also those who are offline. Your ticket system calls
 * `POST /tickets/<number>/closed` with `{ "requester": "sip:…", "summary": "…" }`; 202 means that the note is on disk and will arrive, whatever crashes.
 *
 * Settings, all by environment: EWS_URL, EWS_USERNAME, EWS_PASSWORD, SPOOL (a file), PORT, PICKUP_DELAY (ms, two minutes by default).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender, type OutgoingMessage } from 'offline-im';
import { SqliteSpool } from 'offline-im/sqlite';

const { EWS_URL = '', EWS_USERNAME = '', EWS_PASSWORD = '', SPOOL = 'help-desk.db', PORT = '8080', PICKUP_DELAY } = process.env;

const sender = new OfflineImSender({
  identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Help Desk' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  spool: new SqliteSpool({ path: SPOOL }),
  transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password: EWS_PASSWORD }) }),
  pickupDelay: PICKUP_DELAY === undefined ? undefined : Number(PICKUP_DELAY),
});
sender.on('message:delivered', ({ messageId }) => console.log(`${messageId} delivered`));
sender.on('message:dead', ({ messageId, code, text }) => console.error(`${messageId} dead: ${code}, ${text}`));
sender.on('lane:blocked', ({ lane, text }) => console.error(`Nothing of ${lane} can be sent: ${text}`));
await sender.start();

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const { status, code } = statusOf(error);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code }));
  });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' && request.url === '/health') {
    const { states } = await sender.stats();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(states));
    return;
  }
  const [, ticket] = /^\/tickets\/(\d{1,12})\/closed$/.exec(request.url ?? '') ?? [];
  if (request.method !== 'POST' || ticket === undefined) {
    response.writeHead(404).end();
    return;
  }
  const receipt = await sender.send(closed(ticket, await bodyOf(request)));
  // The same ticket closed twice is one note: the ticket system may call again whenever it is not sure.
  response.writeHead(receipt.duplicate ? 200 : 202, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ messageId: receipt.messageId }));
}

function closed(ticket: string, body: unknown): OutgoingMessage {
  const { requester, summary } = body as { requester: string; summary: string };
  return { messageId: `ticket-${ticket}-closed`, to: requester, text: `Your ticket ${ticket} is closed: ${summary}` };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 65_536) throw new SyntaxError('too long');
  }
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null) throw new SyntaxError('no object');
  return body;
}

/** What the ticket system can do about it: 4xx is its input, 503 means "call again later", with the same ticket. */
function statusOf(error: unknown): { status: number; code: string } {
  if (error instanceof SyntaxError) return { status: 400, code: 'BODY_UNREADABLE' };
  if (!(error instanceof OfflineImError)) return { status: 500, code: 'INTERNAL' };
  if (error.code === 'GATE_REFUSED') return { status: 422, code: error.code };
  if (/^(MESSAGE_INVALID|TEXT_|RECIPIENT|ADDRESS_INVALID)/.test(error.code)) return { status: 400, code: error.code };
  if (error.code === 'MESSAGE_ID_CONFLICT') return { status: 409, code: error.code };
  return { status: 503, code: error.code };
}

server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});

// Containers and systemd send SIGTERM and wait, ten seconds as a rule: no new requests, what is being sent is finished, what waits stays on disk.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    setTimeout(() => server.closeAllConnections(), 1_000).unref(); // a caller that never finishes would hold all of it up
    await closed;
    await sender.stop({ timeout: 7_000 });
    console.log('stopped');
  });
}
