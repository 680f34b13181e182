import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { dashboard } from '../../dashboard/dashboard.ts';
import { nodeHandler } from '../../dashboard/node-handler.ts';
import type { DashboardUser } from '../../dashboard/options.ts';
import { type Call, numberOption } from '../command.ts';
import { type ExitCode, untilStopped } from '../exit-codes.ts';
import { listenError } from '../terminal/remedies.ts';
import { withSpool } from '../with-spool.ts';

/** Serves the dashboard on this machine, for the printed address, until interrupted. */
export function run(call: Call): Promise<ExitCode> {
  const { output, values, signal } = call;
  const wanted = numberOption(call, 'port', 0, 65_535) ?? 0;
  return withSpool(call, async (spool) => {
    const server = createServer();
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening').catch((error: unknown) => {
      throw listenError(error, '127.0.0.1', wanted);
    });
    const { port } = server.address() as AddressInfo;
    const visitors = new Visitors(port, { user: systemUser(), mayChange: values['read-only'] !== true, mayReadText: true });
    const handler = dashboard({ spool, authorize: (request) => visitors.admit(request) });
    const handle = nodeHandler(handler);
    server.on('request', (request, response) => void handle(request, response));
    const url = `http://127.0.0.1:${port}/?token=${visitors.token}`;
    if (output.json) output.document({ url });
    else {
      output.line(url);
      output.note('The address works once, in one browser. Press Ctrl-C to stop.');
    }
    const code = await untilStopped(signal);
    handler.close();
    server.close();
    server.closeAllConnections();
    return code;
  });
}

/**
 * Admits the one browser that came with the token. Refuses other host names, or any site could reach it through its own name that resolves here; also refuses requests from
 * another site.
 */
class Visitors {
  readonly token = randomBytes(32).toString('base64url');
  readonly #session = randomBytes(32).toString('base64url');
  readonly #port: number;
  readonly #user: DashboardUser;
  #isUsed = false;

  constructor(port: number, user: DashboardUser) {
    this.#port = port;
    this.#user = user;
  }

  admit(request: Request): DashboardUser | Response {
    const url = new URL(request.url);
    const origin = request.headers.get('origin');
    if (![`127.0.0.1:${this.#port}`, `localhost:${this.#port}`].includes(url.host))
      return refused('The dashboard has a different host name.');
    if (origin !== null && origin !== `http://${url.host}`) return refused('This request came from another site.');
    const token = url.searchParams.get('token');
    if (token !== null && !this.#isUsed && isSame(token, this.token)) {
      this.#isUsed = true;
      const cookie = `${this.#cookie}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
      return new Response(null, { status: 303, headers: { location: '/', 'set-cookie': cookie, 'cache-control': 'no-store' } });
    }
    const cookies = (request.headers.get('cookie') ?? '').split(/;\s*/);
    const held = cookies.find((one) => one.startsWith(`${this.#cookie}=`))?.slice(this.#cookie.length + 1);
    if (held !== undefined && isSame(held, this.#session)) return this.#user;
    return refused('Open the address that the command printed; it works once. Run the command again for a new one.');
  }

  /** The name has the port, since cookies don't. */
  get #cookie(): string {
    return `offline-im-${this.#port}`;
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refused(why: string): Response {
  return new Response(`${why}\n`, {
    status: 403,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
