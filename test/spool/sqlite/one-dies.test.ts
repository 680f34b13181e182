import { expect, it } from 'vitest';
import { OfflineImSender } from '../../../src/sender/sender.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { spoolerSettings } from '../../../src/spooler/options.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { world } from './support.ts';

const { lease, pollInterval, pickupDelay, probe } = spoolerSettings();

const mailboxes = Array.from({ length: 6 }, (_, index) => `s${index}@contoso.com`);
const [inTheHandsOfTheDead, others] = [mailboxes.slice(0, 4), mailboxes.slice(4)];
/** Those whose note from the dead process had arrived. */
const arrived = new Set(inTheHandsOfTheDead.slice(0, 2));

/** None of its calls is answered once it is dead, as in a killed process. */
function mortal(spool: SpoolStorage): { readonly spool: SpoolStorage; die(): void } {
  let dead = false;
  const handler: ProxyHandler<SpoolStorage> = {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => (dead ? new Promise(() => undefined) : Reflect.apply(value, target, args));
    },
  };
  return {
    spool: new Proxy(spool, handler),
    die() {
      dead = true;
    },
  };
}

function senderOn(spool: SpoolStorage, transport: FakeTransport, clock: ManualClock): OfflineImSender {
  return new OfflineImSender({
    identity: { sip: 'sip:s0@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool,
    transport,
    clock,
    random: () => 0.5,
  });
}

it('no mailbox waits longer than lease, poll and its own probes because another process died', async () => {
  await using at = await world();
  const clock = new ManualClock();
  const [hanging, living] = [new FakeTransport(), new FakeTransport()];
  hanging.answer = () => new Promise(() => undefined);
  living.answerProbe = ({ from }) =>
    arrived.has(from.address) ? { status: 'found', messageClass: 'IM.Note.MissedConversation' } : { status: 'absent' };
  const first = mortal(new SqliteSpool({ path: at.path }));
  const dying = senderOn(first.spool, hanging, clock);
  await dying.start();
  for (const from of inTheHandsOfTheDead) await dying.send({ from: `sip:${from}`, to: 'sip:bob@contoso.com', text: 'first' });
  await clock.advance(pickupDelay);
  await expect.poll(() => hanging.delivered.length).toBe(inTheHandsOfTheDead.length);
  first.die();
  const death = clock.monotonic();

  const sender = senderOn(new SqliteSpool({ path: at.path }), living, clock);
  const settled = new Map<string, number>();
  sender.on('message:delivered', ({ id }) => {
    settled.set(id, clock.monotonic() - death);
  });
  await sender.start();
  const idsOf = async (text: string, from: string): Promise<readonly string[]> => {
    const { entries } = await sender.send({ from: `sip:${from}`, to: 'sip:carol@contoso.com', text });
    return entries.map(({ id }) => id);
  };
  // Another conversation of the same mailboxes, and other mailboxes.
  const unconcerned = (await Promise.all([...inTheHandsOfTheDead, ...others].map((from) => idsOf('second', from)))).flat();
  const waited = new Map<string, string>();
  for await (const { id, lane, state } of sender.list()) if (state === 'delivering') waited.set(id, lane);
  expect(waited.size).toBe(inTheHandsOfTheDead.length);

  const everything = unconcerned.length + waited.size;
  for (let passed = 0; settled.size < everything && passed < 3_600_000; passed += 1_000) {
    await clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // A second of the test's own, in which it advances the clock.
  const step = 1_000;
  for (const id of unconcerned) expect(settled.get(id)).toBeLessThanOrEqual(pickupDelay + step);
  for (const [id, lane] of waited) {
    const probes = arrived.has(lane) ? probe.initialDelay : probe.grace + probe.maxDelay;
    expect(settled.get(id)).toBeGreaterThanOrEqual(lease.duration - pickupDelay);
    expect(settled.get(id)).toBeLessThanOrEqual(lease.duration + pollInterval + probes + step);
  }
  expect(living.delivered.map(({ from }) => from.address).sort()).toEqual(
    [...inTheHandsOfTheDead, ...others, ...inTheHandsOfTheDead.filter((from) => !arrived.has(from))].sort(),
  );
  await sender.stop();
});
