import { expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { createExchange } from '../../src/testing/simulator/simulated-exchange.ts';
import type { Transport } from '../../src/transport/contract.ts';
import { telemetryScene } from './scene.ts';

const alice = 'alice@contoso.test';

async function flushed(transport: Transport, messages: number): Promise<void> {
  const sender = new OfflineImSender({
    identity: { sip: `sip:${alice}` },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport,
  });
  for (let number = 0; number < messages; number++) {
    await sender.send({ to: 'sip:bob@contoso.test', text: 'a', conversationId: `c${number}` });
  }
  await sender.flush();
  await sender.stop();
}

it('measures requests of EwsTransport by operation and error, counts the notes in each, and passes every record on', async () => {
  const { telemetry, points, end } = telemetryScene();
  const exchange = createExchange({ mailboxes: [alice, 'bob@contoso.test'] });
  const seen: unknown[] = [];
  const keep = ({ step }: Readonly<Record<string, unknown>>) => seen.push(step);
  const transport = new EwsTransport({
    url: exchange.url,
    credentials: basicAuth({ username: alice, password: 'x' }),
    fetch: exchange.fetch,
    logger: telemetry.logger({ debug: keep, info: keep, warn: keep, error: keep }),
  });
  exchange.faults.on('CreateItem').once().forbidden();
  await flushed(transport, 3);
  const all = await points();
  const requests = all.get('messaging.client.operation.duration')?.map(({ attributes, value }) => ({
    ...attributes,
    count: (value as { count: number }).count,
  }));
  expect(requests).toContainEqual({
    'messaging.system': 'exchange',
    'messaging.operation.name': 'CreateItem',
    'error.type': '403',
    count: 1,
  });
  expect(all.get('offline_im.request.notes')?.[0]?.value).toMatchObject({ sum: 3 });
  expect(seen).toContain('ews:response');
  await end();
});

it('measures requests of GraphTransport', async () => {
  const { telemetry, points, end } = telemetryScene();
  const exchange = createExchange({ mailboxes: [{ address: alice, location: 'exchange-online' }, 'bob@contoso.test'] });
  const transport = new GraphTransport({
    root: exchange.graphUrl,
    credential: async () => ({ token: exchange.tokens.issue(alice) }),
    fetch: exchange.fetch,
    logger: telemetry.logger(),
  });
  await flushed(transport, 2);
  const all = await points();
  const operations = all.get('messaging.client.operation.duration')?.map(({ attributes }) => attributes);
  expect(operations).toContainEqual({ 'messaging.system': 'exchange', 'messaging.operation.name': 'sendMail' });
  expect(all.get('offline_im.request.notes')?.[0]?.value).toMatchObject({ count: 2, sum: 2 });
  await end();
});
