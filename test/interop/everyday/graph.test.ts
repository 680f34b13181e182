/** Microsoft's Graph clients, unmodified and over https. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { alice, bob, expected } from './graph.ts';
import { runSteps, type Steps } from './run-steps.ts';

describe.each(['graph-client', 'kiota'] as const)('%s', (kind) => {
  let steps: Steps = {};
  let received: readonly string[] = [];
  beforeAll(async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob], tls: true });
    exchange.mailbox(alice).receive({ subject: 'one', from: bob });
    exchange.mailbox(alice).receive({ subject: 'two', from: bob, attachments: [{ name: 'a.txt', content: btoa('file') }] });
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-ca-'));
    try {
      const ca = join(folder, 'ca.pem');
      await writeFile(ca, exchange.ca ?? '');
      const args = [kind, exchange.graphUrl, exchange.tokens.issue(alice), alice, bob];
      steps = await runSteps(process.execPath, 'graph-process.ts', args, { NODE_EXTRA_CA_CERTS: ca });
      received = exchange
        .mailbox(bob)
        .folder('inbox')
        .items.map(({ subject }) => subject);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it.each(Object.entries(expected[kind]))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });

  it('sends', () => {
    expect(received).toEqual(['from graph', 'RE: one', 'RE: one']);
  });
});
