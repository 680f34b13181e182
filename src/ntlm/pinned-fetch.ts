import { type ClientRequest, type Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';

/** As much of `fetch` as the transport uses, through one agent: no redirects, no decompression, no second try. */
export function pinnedFetch(agent: HttpAgent, secure: boolean): typeof globalThis.fetch {
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
      request.once('response', (incoming) => resolve(responseOf(incoming)));
      request.end(typeof body === 'string' ? body : '');
    });
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
  return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array<ArrayBuffer>>, { status, headers });
}
