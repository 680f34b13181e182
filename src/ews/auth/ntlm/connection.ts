import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { pinnedFetch } from '../../../ntlm/pinned-fetch.ts';

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
    this.fetch = pinnedFetch(this.#agent, secure);
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
