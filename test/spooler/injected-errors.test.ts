import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { OfflineImSenderOptions } from '../../src/sender/options.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { hostileValues } from '../support/hostile-values.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** How a function of the host, or of a third-party spool or transport, fails. */
const faults: Record<string, () => unknown> = {
  throws: () => {
    throw new Error('injected');
  },
  'throws nothing': () => {
    throw undefined;
  },
  rejects: () => Promise.reject(new Error('injected')),
  'rejects in another realm': vm.runInNewContext('() => Promise.reject(new Error("injected"))') as () => unknown,
  'returns a thenable that throws': () =>
    Object.fromEntries([
      [
        'then',
        () => {
          throw new Error('injected');
        },
      ],
    ]),
  'returns nothing': () => undefined,
  'returns nonsense': () => 'nonsense',
  'never answers': () => new Promise(() => undefined),
};
/** Values that throw when inspected: each thrown, returned and rejected with, in turn. */
function hostileInTurn(): () => unknown {
  const makers = Object.values(hostileValues);
  let turn = 0;
  return () => {
    const make = makers[Math.floor(turn / 3) % makers.length] as () => unknown;
    const mode = turn % 3;
    turn += 1;
    if (mode === 0) throw make();
    return mode === 1 ? make() : Promise.reject(make());
  };
}
faults['answers with hostile values in turn'] = hostileInTurn();
const faultNames = Object.keys(faults);

const spoolMethods = [
  'open',
  'append',
  'claim',
  'renew',
  'settle',
  'expire',
  'nextDue',
  'get',
  'findMessage',
  'standing',
  'list',
  'hold',
  'release',
  'cancel',
  'requeue',
  'purge',
  'counts',
  'usage',
  'watch',
  'close',
  'isOwner',
] as const satisfies readonly (keyof SpoolStorage)[];

const transportMethods = ['deliver', 'probe', 'placeOf', 'canProbe', 'minimumGrace', 'close'] as const;
const clockMethods = ['now', 'monotonic', 'setTimer'] as const;

/** An object with one method that fails while `fault.on`. */
function faulty<Target extends object>(
  target: Target,
  method: string,
  fault: { on: boolean; readonly how: () => unknown },
): Target {
  return new Proxy(target, {
    get(inner, name) {
      const value: unknown = Reflect.get(inner, name, inner);
      if (name === method && fault.on) return fault.how;
      return typeof value === 'function' ? value.bind(inner) : value;
    },
  });
}

const unhandled: unknown[] = [];
const remember = (error: unknown): void => {
  unhandled.push(error);
};

beforeEach(() => {
  unhandled.length = 0;
  process.on('unhandledRejection', remember);
  process.on('uncaughtException', remember);
});

afterEach(() => {
  process.off('unhandledRejection', remember);
  process.off('uncaughtException', remember);
});

const turns = async (count = 5): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** Continues until it is settled, or a manual clock has advanced that many steps. */
async function settledWithin(clock: ManualClock, work: Promise<unknown>, steps = 40, step = 15_000): Promise<boolean> {
  let settled = false;
  const done = (): void => {
    settled = true;
  };
  work.then(done, done);
  for (let at = 0; at < steps && !settled; at++) {
    await clock.advance(step);
    await turns(2);
  }
  return settled;
}

/** A day of a sender with a fault, then without it. */
async function live(
  options: Partial<OfflineImSenderOptions>,
  clock: ManualClock,
  fault: { on: boolean },
): Promise<{ delivered: number }> {
  const transport = (options.transport as FakeTransport | undefined) ?? new FakeTransport();
  const { sender, eventsOf } = aliceSends({ ...options, transport, clock: options.clock ?? clock, pickupDelay: 1000 });
  await settledWithin(clock, sender.start());
  await settledWithin(clock, sender.send({ to: 'sip:bob@contoso.com', text: 'hi', messageId: 'one' }));
  await clock.advance(120_000);
  for (const call of [
    () => sender.status('one'),
    () => sender.stats({ limit: 10 }),
    () => sender.hold('one'),
    () => sender.release('one'),
    () => sender.cancel('none'),
    () => sender.requeue('one'),
    () => sender.purge('one'),
    () => sender.flush(),
    () => sender.check({ to: 'sip:bob@contoso.com', text: 'hi' }),
    async () => {
      for await (const _ of sender.list()) break;
    },
  ]) {
    await settledWithin(clock, (async (): Promise<unknown> => call())(), 3);
  }
  fault.on = false;
  await settledWithin(clock, sender.start(), 4);
  await settledWithin(clock, sender.send({ to: 'sip:bob@contoso.com', text: 'again', messageId: 'two' }), 4);
  await clock.advance(900_000);
  await clock.advance(900_000);
  const delivered = eventsOf('message:delivered').length;
  fault.on = true;
  expect(await settledWithin(clock, sender.stop({ timeout: 1000 })), 'stop() ended').toBe(true);
  await turns();
  expect(unhandled).toEqual([]);
  return { delivered };
}

describe.each(faultNames)('the process goes on, and stop() ends, if a call %s:', (name) => {
  const how = faults[name] as () => unknown;

  it.each(spoolMethods)('%s() of a spool', async (method) => {
    const fault = { on: true, how };
    await live({ spool: faulty<SpoolStorage>(new MemorySpool(), method, fault) }, new ManualClock(), fault);
  });

  it.each(transportMethods)('%s() of a transport', async (method) => {
    const fault = { on: true, how };
    await live({ transport: faulty(new FakeTransport(), method, fault) }, new ManualClock(), fault);
  });

  it.each(clockMethods)('%s() of a clock', async (method) => {
    const fault = { on: true, how };
    const clock = new ManualClock();
    const { sender } = aliceSends({ clock: faulty(clock, method, fault), pickupDelay: 1000 });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'hi' });
    await clock.advance(120_000);
    fault.on = false;
    await clock.advance(120_000);
    await settledWithin(clock, sender.stop({ timeout: 0 }));
    await turns();
    expect(unhandled).toEqual([]);
  });

  it.each(['random', 'beforeDelivery', 'resolveMailbox', 'policy', 'client'])('the option %s', async (option) => {
    const fault = { on: true };
    const right: Record<string, () => unknown> = {
      random: () => 0.5,
      beforeDelivery: () => 'deliver',
      resolveMailbox: () => 'bob@contoso.com',
      policy: () => ({ enableOfflineIm: true }),
      client: () => ({ version: '16.0.6920.1000', mailboxLocation: 'on-premises' }),
    };
    const call = (): unknown => (fault.on ? how() : right[option]?.());
    await live({ [option]: call } as Partial<OfflineImSenderOptions>, new ManualClock(), fault);
  });

  it.each(['debug', 'info', 'warn', 'error'])('%s() of a logger', async (level) => {
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const fault = { on: true };
    const { delivered } = await live({ logger: { ...quiet, [level]: how } }, new ManualClock(), fault);
    expect(delivered).toBeGreaterThan(0);
  });

  it('a listener of any event', async () => {
    const clock = new ManualClock();
    const { sender, transport } = aliceSends({ clock, pickupDelay: 1000 });
    for (const event of ['started', 'stopped', 'warning', 'message:spooled', 'message:delivered', 'spool:idle'] as const) {
      sender.on(event, how);
    }
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'hi' });
    await clock.advance(120_000);
    await settledWithin(clock, sender.stop());
    await turns();
    expect(transport.delivered).toHaveLength(1);
    expect(unhandled).toEqual([]);
  });
});

describe('after a fault', () => {
  const passing = faultNames.filter((name) => name !== 'never answers');

  it.each(['claim', 'settle', 'renew', 'expire', 'nextDue', 'watch'] as const)(
    'in %s() of a spool, the message is delivered, once',
    async (method) => {
      for (const name of passing) {
        const fault = { on: true, how: faults[name] as () => unknown };
        const clock = new ManualClock();
        const spool = faulty<SpoolStorage>(new MemorySpool(), method, fault);
        const { sender, transport } = aliceSends({ clock, spool, pickupDelay: 1000 });
        transport.answerProbe = () => ({ status: 'found' });
        await sender.start();
        await sender.send({ to: 'sip:bob@contoso.com', text: 'hi' });
        await clock.advance(60_000);
        fault.on = false;
        for (let step = 0; step < 30; step++) await clock.advance(60_000);
        const states = (await sender.stats()).states;
        expect({ name, sent: transport.delivered.length, delivered: states.delivered }).toEqual({ name, sent: 1, delivered: 1 });
        await settledWithin(clock, sender.stop({ timeout: 0 }));
      }
      await turns();
      expect(unhandled).toEqual([]);
    },
  );

  it('in a nextDue() that never answers, the loop still polls at every pollInterval', async () => {
    const clock = new ManualClock();
    const spool = faulty<SpoolStorage>(new MemorySpool(), 'nextDue', { on: true, how: () => new Promise(() => undefined) });
    const { sender, transport } = aliceSends({ clock, spool, pickupDelay: 1000 });
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'hi' });
    await clock.advance(31_000);
    expect(transport.delivered).toHaveLength(1);
    await settledWithin(clock, sender.stop({ timeout: 0 }));
  });

  it('in the ownership check, a spool sends none of its messages', async () => {
    const spool = Object.assign(new MemorySpool(), {
      isOwner: (): boolean => {
        throw new OfflineImError('SPOOL_FAILED', 'EIO');
      },
    });
    const asked: boolean[] = [];
    const { sender, clock, transport, eventsOf } = aliceSends({ spool, pickupDelay: 1000 });
    transport.answer = (note, { mayWrite }) => {
      asked.push(mayWrite());
      return { status: 'delivered', messageClass: note.messageClass };
    };
    await sender.start();
    await sender.send({ to: 'sip:bob@contoso.com', text: 'hi' });
    await clock.advance(2_000);
    expect(asked).toEqual([false]);
    expect(eventsOf('warning')).toHaveLength(1);
    await settledWithin(clock, sender.stop());
  });
});
