/** A real HTTP server with scripted responses. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';

export interface SeenRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The child of soap:Body. */
  readonly payload: XmlElement;
  /** CreateItem, FindItem, … */
  readonly operation: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How to handle a request: a response, or the raw response object for anything unusual. */
export type Handler = (request: SeenRequest, response: ServerResponse) => Answer | undefined | Promise<Answer | undefined>;

export class CannedServer {
  readonly requests: SeenRequest[] = [];
  handler: Handler = () => ({ status: 500 });
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<CannedServer> {
    const server = createServer();
    const canned = new CannedServer(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const payload = parseXml(body).children.find((c) => c.name === 'Body')?.children[0];
        if (payload === undefined) throw new Error('a request without a body');
        const seen = { method: request.method ?? '', headers: request.headers, body, payload, operation: payload.name };
        canned.requests.push(seen);
        const answer = await canned.handler(seen, response);
        if (answer === undefined) return;
        response.writeHead(answer.status ?? 200, { 'content-type': 'text/xml; charset=utf-8', ...answer.headers });
        response.end(answer.body ?? '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return canned;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/EWS/Exchange.asmx`;
  }

  operations(): string[] {
    return this.requests.map((request) => request.operation);
  }

  reset(): void {
    this.requests.length = 0;
    this.handler = () => ({ status: 500 });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
