import { describe, expect, it } from 'vitest';
import { spawnSimulator } from '../../support/simulator-client.ts';
import { call, createItem, message, propertySet } from '../support/raw-ews.ts';

const mailboxes = ['alice@contoso.test', 'bob@contoso.test'];
const tagProperty = { set: propertySet, name: 'OfflineImNote' };

describe('the simulator in its own process', () => {
  it('shows thousands of items in a snapshot', async () => {
    await using exchange = await spawnSimulator({ mailboxes, tagProperty });
    const started = performance.now();
    for (let batch = 0; batch < 60; batch++) {
      const items = Array.from({ length: 50 }, (_, i) => message({ subject: `${batch}-${i}`, tag: `t-${batch}-${i}` }));
      const answer = await call(exchange.url, createItem(items), { unchecked: true });
      expect(answer.status).toBe(200);
    }
    const took = performance.now() - started;
    const { mailboxes: shown } = await exchange.snapshot();
    const inbox = shown['bob@contoso.test']?.inbox ?? [];
    expect(inbox).toHaveLength(3000);
    expect(inbox[0]).toMatchObject({ subject: '0-0', tag: 't-0-0', isDraft: false, from: 'alice@contoso.test' });
    expect(shown['alice@contoso.test']?.conversationhistory).toHaveLength(3000);
    expect(took).toBeLessThan(100_000);
  });

  it('loses responses after storing their items', async () => {
    await using exchange = await spawnSimulator({ mailboxes, faults: [] });
    await exchange.loseResponses(1);
    await expect(call(exchange.url, createItem([message()]))).rejects.toThrow();
    expect(await exchange.items('bob@contoso.test', 'inbox')).toHaveLength(1);
    await exchange.clearFaults();
    await call(exchange.url, createItem([message()]));
    const journal = await exchange.journal();
    expect(journal.map((j) => [j.operation, j.outcome, j.fault])).toEqual([
      ['CreateItem', 'reset', 'lostResponse'],
      ['CreateItem', 'answered', undefined],
    ]);
  });

  it('passes errors on, and ends when closed', async () => {
    const exchange = await spawnSimulator({ mailboxes });
    await expect(exchange.addFault({ operation: 'Nonsense' }, { kind: 'resetBefore' })).rejects.toThrow(/not an operation/);
    await exchange.close();
    await expect(fetch(exchange.url)).rejects.toThrow();
  });
});
