import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { type Bytes, decompressed, encodingsOf } from '../../../transport/decompressed.ts';

/** As much of `fetch` as transports and Autodiscover use, through an agent of Node: it asks for no compression, and follows and repeats nothing. `secure`: the agent speaks TLS. */
export function fetchThrough(agent: HttpAgent, secure: boolean): typeof globalThis.fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers, body, signal } = init;
      const own = Object.fromEntries(new Headers(headers));
      const send = secure ? requestHttps : requestHttp;
      const request: ClientRequest = send(String(input), {
        agent,
        method,
        headers: { ...own, 'accept-encoding': 'identity' },
        ...(signal === undefined || signal === null ? {} : { signal }),
      });
      // Stays on: an error after the response reaches the reader of its body.
      request.on('error', (error) => reject(new TypeError('fetch failed', { cause: error })));
      let isAnswered = false;
      request.once('response', (incoming) => {
        isAnswered = true;
        try {
          resolve(responseOf(incoming));
        } catch (error) {
          incoming.destroy();
          reject(error);
        }
      });
      // All that is told of a switch to another protocol (101), which Node breaks off.
      request.once('close', () => {
        if (!isAnswered) reject(new TypeError('fetch failed', { cause: hungUp() }));
      });
      request.end(typeof body === 'string' ? body : '');
    });
}

/** As Node reports a connection that ended without a response. */
function hungUp(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** Statuses that `Response` takes only without a body. */
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);

function responseOf(incoming: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const given = incoming.statusCode ?? 0;
  const status = given >= 200 && given <= 599 ? given : 502;
  if (bodiless.has(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(incoming, headers), { status, headers });
}

/** Some servers compress all the same. What can't be decompressed fails only whoever reads it: the status may tell enough. */
function bodyOf(incoming: IncomingMessage, headers: Headers): Bytes {
  try {
    return decompressed(encodingsOf(headers), Readable.toWeb(incoming) as Bytes);
  } catch (error) {
    incoming.destroy();
    return new ReadableStream({ pull: (controller) => controller.error(error) }, { highWaterMark: 0 });
  }
}

/** Certificates that the host trusts beside those of the system; PEM. */
export interface TrustOptions {
  readonly ca?: string | readonly string[];
}

/**
 * The connection was closed before a request could be written to it. Nothing was sent: the request may go out on another
 * connection.
 */
export class ConnectionGone extends Error {
  /** By which the transport knows, too. */
  readonly code = 'ERR_CONNECTION_GONE';

  constructor() {
    super('The connection was closed before the request was written.');
    this.name = 'ConnectionGone';
  }
}

/**
 * One connection to one server. An agent that connects a single time: whatever is sent through it goes out on that very
 * connection, or fails with {@link ConnectionGone} before a byte is written.
 */
export class Connection {
  readonly origin: string;
  readonly fetch: typeof globalThis.fetch;
  readonly #agent: HttpAgent;
  #closed = false;
  #loggedIn = false;

  constructor(origin: string, idle: number, trust: TrustOptions) {
    this.origin = origin;
    const secure = origin.startsWith('https:');
    const options = { keepAlive: true, maxSockets: 1, maxFreeSockets: 1, timeout: idle };
    const ca = typeof trust.ca === 'string' ? trust.ca : trust.ca?.slice();
    this.#agent = secure ? new HttpsAgent({ ...options, ...(ca === undefined ? {} : { ca }) }) : new HttpAgent(options);
    this.#connectOnce();
    this.fetch = fetchThrough(this.#agent, secure);
  }

  /** False once it has been closed by either side. */
  get usable(): boolean {
    return !this.#closed;
  }

  /** The server knows who speaks on it. */
  get loggedIn(): boolean {
    return this.#loggedIn && !this.#closed;
  }

  set loggedIn(value: boolean) {
    this.#loggedIn = value;
  }

  destroy(): void {
    this.#closed = true;
    this.#agent.destroy();
  }

  #connectOnce(): void {
    const connect = this.#agent.createConnection.bind(this.#agent);
    let used = false;
    this.#agent.createConnection = (options, callback) => {
      if (used) {
        callback?.(new ConnectionGone(), undefined as never); // there is no stream beside an error
        return undefined;
      }
      used = true;
      const socket = connect(options, callback);
      socket?.once('close', () => {
        this.#closed = true;
      });
      return socket;
    };
  }
}
