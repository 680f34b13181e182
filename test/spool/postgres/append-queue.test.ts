/** How appends are grouped, with a scripted server: whose turn it is, what is sent together, and that no append waits forever. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { Session } from '../../../src/spool/postgres/connection/session.ts';
import { type Body, TransactionError, type TransactionLimits } from '../../../src/spool/postgres/connection/transact.ts';
import { type NewMessage, newMessage } from '../../../src/spool/postgres/operations/append.ts';
import { Appender } from '../../../src/spool/postgres/operations/append-queue.ts';
import { newEntry } from '../../support/spool-entries.ts';

const lockTimeout = Object.assign(new Error('canceling statement due to lock timeout'), { code: '55P03' });

/** @param refuse Rejects a transaction that contains one of these messages. */
function server({ most = 1, took = async () => {}, refuse = (_ids: readonly string[]): boolean => false } = {}) {
  /** Ids of the messages of each transaction, in the order in which they were written. */
  const written: string[][] = [];
  let order = 1;
  const session = {
    clock: systemClock,
    connections: { most },
    deadline: 30_000,
    sql: {
      row: async (client: { readonly ids: string[] }, _statement: unknown, values: readonly unknown[]) => {
        client.ids.push(...(JSON.stringify(values).match(/\bm-[a-z0-9]+\b/g) ?? []));
        order += 1;
        return { taken: `0 ${order * 4096}`, kept: '[]', now: '0', tick: String(order * 4096) };
      },
      rows: async () => [],
    },
    transact: async (body: Body<unknown>, _limits: TransactionLimits) => {
      const client = { ids: [] as string[] };
      const { result } = await body(client as never, []);
      await took();
      const ids = [...new Set(client.ids)];
      if (refuse(ids)) throw new TransactionError('no', lockTimeout, true);
      written.push(ids);
      return result;
    },
  };
  return { appender: new Appender(session as unknown as Session, 'me'), written };
}

const message = (name: string, ...conversations: string[]): NewMessage =>
  newMessage(
    `m-${name}`,
    conversations.map((conversationId, part) =>
      newEntry(`e-${name}${part}`, { messageId: `m-${name}`, conversationId, pickupIn: 0 }),
    ),
  );

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('an append', () => {
  it.each([1, 10])('is written however soon it follows a result (a pool of %i)', async (most) => {
    const { appender, written } = server({ most });
    for (let ticks = 0; ticks < 30; ticks++) {
      await appender.append([message(`a${ticks}`, 'c')]);
      for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
      await appender.append([message(`b${ticks}`, 'c')]);
    }
    expect(written).toHaveLength(60);
  });

  it('is written even if every turn of the event loop brings another', async () => {
    const { appender } = server();
    let [asked, answered] = [0, 0];
    const all: Promise<unknown>[] = [];
    for (; asked < 400; asked++) {
      all.push(
        appender.append([message(`s${asked}`, `c${asked}`)]).then(() => {
          answered += 1;
        }),
      );
      await turn();
    }
    expect(answered).toBeGreaterThan(300);
    await Promise.all(all);
  });

  it.each([
    [64, [64]],
    [200, [100, 100]],
  ])(
    'is written with the %i others waiting at that time; large groups are halved, small ones are not, since another commit costs more CPU than it saves time',
    async (count, expected) => {
      const { appender, written } = server({ most: 10 });
      await Promise.all(Array.from({ length: count }, (_, index) => appender.append([message(`a${index}`, `c${index}`)])));
      expect(written.map(({ length }) => length)).toEqual(expected);
    },
  );

  it('follows all earlier appends in each of its conversations, even if another of them is locked', async () => {
    let isHeld = true;
    const { appender, written } = server({ refuse: (ids) => isHeld && ids.some((id) => ['m-held', 'm-too'].includes(id)) });
    const held = appender.append([message('held', 'a')]);
    for (let turns = 0; turns < 20; turns++) await turn();
    // One transaction: refused for a held conversation not known to be held, and then message by message.
    const all = [
      appender.append([message('too', 'z')]),
      appender.append([message('first', 'b')]),
      appender.append([message('second', 'a', 'b')]),
    ];
    for (let turns = 0; turns < 20; turns++) await turn();
    isHeld = false;
    await Promise.all([held, ...all]);
    const order = written.flat();
    expect(order.indexOf('m-first')).toBeLessThan(order.indexOf('m-second'));
    expect(order.indexOf('m-held')).toBeLessThan(order.indexOf('m-second'));
  });
});
