/** node:http and nothing else: answers every request with the bytes it was last told, once it has read all of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

let answer = Buffer.alloc(0);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    Buffer.concat(chunks).toString('utf8');
    response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8', 'content-length': answer.length });
    response.end(answer);
  });
});
process.on('message', (text: string) => {
  answer = Buffer.from(text);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit());
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }));
