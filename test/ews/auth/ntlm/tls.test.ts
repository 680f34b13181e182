/** The same login over TLS: only to a server whose certificate is trusted. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { EwsTransport } from '../../../../src/ews/ews-transport.ts';
import { ntlmAuth } from '../../../../src/ntlm.ts';
import { NtlmLogin } from '../../../../src/testing/simulator/access/ntlm-login.ts';
import type { DeliveryOutcome } from '../../../../src/transport/contract.ts';
import { loopbackCertificate, loopbackKey } from '../../../support/loopback-certificate.ts';
import { always, makeNote } from '../../support/harness.ts';
import { created, ok } from '../../support/responses.ts';

let server: Server;
let connections = 0;
let written = 0;

beforeEach(async () => {
  connections = 0;
  written = 0;
  const login = new NtlmLogin({ domain: 'CONTOSO', dnsDomain: 'contoso.test', computer: 'MAIL' }, systemClock, 'strict');
  server = createServer({ cert: loopbackCertificate, key: loopbackKey }, async (request, response) => {
    for await (const chunk of request) written += chunk.length;
    const verdict = login.admit(request.socket, request.headers.authorization, () => ({ password: 'p' }));
    if (verdict?.kind === 'name') response.writeHead(200, { 'content-type': 'text/xml' }).end(created(ok));
    else
      response.writeHead(401, { 'www-authenticate': verdict?.kind === 'challenge' ? `NTLM ${verdict.challenge}` : 'NTLM' }).end();
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
});

async function deliver(ca: string | readonly string[] | undefined, count = 1): Promise<readonly DeliveryOutcome[]> {
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/EWS/Exchange.asmx`;
  const credentials = ntlmAuth({ username: 'alice', domain: 'CONTOSO', password: 'p', ...(ca === undefined ? {} : { ca }) });
  const transport = new EwsTransport({ url, credentials });
  const outcomes: DeliveryOutcome[] = [];
  for (let n = 0; n < count; n++) outcomes.push(...(await transport.deliver([makeNote(transport, n)], always())));
  await transport.close();
  return outcomes;
}

it.each([
  ['one', loopbackCertificate],
  ['a list', [loopbackCertificate]],
])('accepts a certificate of a private authority: %s', async (_, ca) => {
  expect(await deliver(ca, 3)).toMatchObject(Array(3).fill({ status: 'delivered' }));
  expect(connections).toBe(1);
});

it('sends nothing if the certificate is not trusted', async () => {
  expect(await deliver(undefined)).toMatchObject([
    {
      status: 'deferred',
      scope: 'endpoint',
      error: { code: 'ENDPOINT_UNREACHABLE', details: { connectionCode: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    },
  ]);
  expect(written).toBe(0);
});
