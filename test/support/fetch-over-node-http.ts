/** A host's fetch on node:http, as axios, got and node-fetch make it. */
import { request as httpRequest, type RequestOptions } from 'node:http';

export const overNodeHttp: typeof globalThis.fetch = (input, init) =>
  new Promise((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(init?.headers));
    const options: RequestOptions = { method: init?.method ?? 'GET', headers, ...(init?.signal ? { signal: init.signal } : {}) };
    const request = httpRequest(String(input), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      const { statusCode = 500 } = response;
      response.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: statusCode })));
    });
    request.on('error', reject).end(init?.body);
  });
