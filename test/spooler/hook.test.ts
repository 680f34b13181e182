import { describe, expect, it } from 'vitest';
import { inGroups } from '../../src/spooler/bounded-calls.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import type { Note } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const to = (name: string) => ({ to: `sip:${name}@contoso.com`, text: 'x', messageId: name });
const never = (): Promise<never> => new Promise(() => undefined);
const isFor = (note: Note, name: string): boolean => note.to[0]?.address.startsWith(name) === true;

describe('results in groups', () => {
  async function collect(clock: ManualClock, answers: readonly Promise<number>[]) {
    const groups: (readonly number[] | 'waiting')[] = [];
    for await (const group of inGroups(clock, answers, () => groups.push('waiting'))) groups.push(group);
    return groups;
  }

  it('arrive together, in order, if all are available at once', async () => {
    const clock = new ManualClock();
    expect(
      await collect(
        clock,
        [1, 2, 3].map((one) => Promise.resolve(one)),
      ),
    ).toEqual([[1, 2, 3]]);
    expect(clock.pending).toBe(0);
  });

  it('arrive as they become available, if some take longer', async () => {
    const clock = new ManualClock();
    const later = (ms: number, value: number) => new Promise<number>((resolve) => clock.setTimer(() => resolve(value), ms));
    const groups = collect(clock, [later(200, 1), later(10, 2), later(500, 3), later(20, 4)]);
    await clock.advance(1_000);
    expect(await groups).toEqual([[2, 4], 'waiting', [1], 'waiting', [3]]);
  });

  it('are empty for an empty list', async () => {
    expect(await collect(new ManualClock(), [])).toEqual([]);
  });
});

describe('a hanging hook', () => {
  it('delays its own note, but neither its batch nor later notes of the mailbox', async () => {
    const { sender, transport, clock, eventsOf } = aliceSends({
      beforeDelivery: (note) => (isFor(note, 'slow') ? never() : 'deliver'),
      concurrencyPerMailbox: 1,
    });
    await sender.start();
    for (const name of ['slow', 'bob', 'carol']) await sender.send(to(name));
    await clock.advance(10_000);
    await sender.send(to('dan'));
    await clock.advance(110_100);
    expect(transport.batches.map((batch) => batch.length)).toEqual([2]);
    await clock.advance(10_000);
    expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual(['bob', 'carol', 'dan']);
    expect(eventsOf('message:deferred')).toEqual([]);
    await clock.advance(20_000);
    expect(eventsOf('message:deferred')).toMatchObject([{ messageId: 'slow', code: 'HOOK_TIMEOUT' }]);
    await sender.stop();
  });

  it('that finally answers has its note sent then', async () => {
    const answer = Promise.withResolvers<'deliver'>();
    const { sender, transport, clock, eventsOf } = aliceSends({
      beforeDelivery: (note) => (isFor(note, 'slow') ? answer.promise : 'deliver'),
    });
    await sender.start();
    for (const name of ['slow', 'bob']) await sender.send(to(name));
    await clock.advance(125_000);
    expect(transport.delivered).toHaveLength(1);
    answer.resolve('deliver');
    await clock.advance(1);
    expect(eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual(['bob', 'slow']);
    await sender.stop();
  });

  it('with a closed mailbox leaves its note waiting as if never claimed', async () => {
    const answer = Promise.withResolvers<'deliver'>();
    const error = Object.assign(new Error('Wrong password.'), { code: 'AUTHENTICATION_FAILED' }) as never;
    const { sender, transport, clock, eventsOf } = aliceSends({
      beforeDelivery: (note) => (isFor(note, 'slow') ? answer.promise : 'deliver'),
    });
    transport.answer = () => ({ status: 'blocked', scope: 'mailbox', sent: 'no', error });
    await sender.start();
    for (const name of ['slow', 'bob']) await sender.send(to(name));
    await clock.advance(121_000);
    expect(eventsOf('lane:blocked')).toHaveLength(1);
    answer.resolve('deliver');
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(1);
    expect((await sender.stats()).states).toMatchObject({ spooled: 2 });
    await sender.stop();
  });
});
