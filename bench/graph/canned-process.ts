/**
 * A Graph in a process of its own that accepts every sendMail, over TLS: what it costs is the same for whoever asks. Started by
 * bench/graph.ts with an IPC channel, over which it says its port, and shows a request where it is told to.
 */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loopbackCertificate, loopbackKey } from '../../test/support/loopback-certificate.ts';

let shows = false;
process.on('message', () => {
  shows = true;
});

const server = createServer({ cert: loopbackCertificate, key: loopbackKey }, (request, response) => {
  if (shows) show(request);
  else request.resume();
  request.on('end', () => {
    const isSend = request.method === 'POST' && request.url?.endsWith('/sendMail') === true;
    const id = request.headers['client-request-id'] ?? '';
    response.writeHead(isSend ? 202 : 404, {
      'content-length': 0,
      'cache-control': 'private',
      'request-id': '5b8a2a52-6a0d-4c8e-9c1e-2a0a7d0f4f11',
      'client-request-id': id,
      'x-ms-ags-diagnostic':
        '{"ServerInfo":{"DataCenter":"Germany West Central","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"FR1PEPF0000"}}',
    });
    response.end();
  });
});

function show(request: IncomingMessage): void {
  shows = false;
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => process.send?.([request.method, request.url, ...request.rawHeaders, Buffer.concat(chunks)].join('\n')));
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
