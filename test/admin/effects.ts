import { expect, it } from 'vitest';
import { openSpool } from '../../src/admin/open-spool.ts';
import type { SpoolHandle } from '../../src/admin/spool-handle.ts';
import { systemClock } from '../../src/core/clock.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { OutgoingMessage } from '../../src/message/message.ts';
import type { OfflineImSender } from '../../src/sender/sender.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

/** A spool, its name on the command line, and the longest time between two polls of its sender. */
export interface Where {
  readonly spool: SpoolStorage;
  readonly where: string;
  readonly pollInterval: number;
}

const refused: DeliveryOutcome = {
  status: 'rejected',
  scope: 'note',
  splittable: false,
  draft: 'none',
  error: new OfflineImError('EWS_ERROR', 'The server refused it.'),
};
const blocked: DeliveryOutcome = {
  status: 'blocked',
  scope: 'mailbox',
  sent: 'no',
  error: new OfflineImError('AUTHENTICATION_FAILED', 'The password is wrong.'),
};

const happens = (sender: OfflineImSender, name: 'message:dead' | 'lane:blocked'): Promise<void> =>
  new Promise((resolve) => sender.once(name, () => resolve()));

async function running({ spool, where, pollInterval }: Where) {
  const transport = new FakeTransport();
  let polls = 0;
  const { admin } = spool;
  if (admin === undefined) throw new Error('It has no admin.');
  const { paused } = admin;
  admin.paused = () => {
    polls += 1;
    return paused.call(admin);
  };
  const { sender } = aliceSends({ spool, transport, clock: systemClock as never, pickupDelay: 0, pollInterval });
  const delivered = new Set<string>();
  let changed = (): void => undefined;
  sender.on('message:delivered', ({ messageId }) => {
    delivered.add(messageId);
    changed();
  });
  await sender.start();
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise<void>((resolve) => (changed = resolve));
  };
  return {
    sender,
    transport,
    delivered,
    until,
    /** Requests through the owner of a spool take effect at once; for others, the next poll has to start. */
    async obeyed(): Promise<void> {
      if (pollInterval >= 3_600_000) return;
      const before = polls;
      while (polls < before + 2) await new Promise((resolve) => setTimeout(resolve, 10));
    },
    /** Acts as an operator does: through the owner of a folder, otherwise on a connection of its own. */
    async operate(work: (handle: SpoolHandle) => Promise<unknown>): Promise<void> {
      const handle = await openSpool(where);
      await work(handle);
      await handle.close();
    },
    send: (messageId: string, more: Partial<OutgoingMessage> = {}) =>
      sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId, ...more }),
  };
}

const dave = { from: { sip: 'sip:dave@contoso.com' } };

/** The effect of each operator command on a running sender, none of whose own methods are called. */
export function itTakesEffect(make: () => Promise<Where>): void {
  it.each([[[]], [['alice@contoso.com']]])('pause %j and resume', async (mailbox) => {
    const { sender, send, operate, obeyed, until, delivered } = await running(await make());
    await operate((spool) => spool.pause('carol@contoso.com'));
    await operate((spool) => spool.pause(...mailbox));
    await obeyed();
    await send('hers');
    if (mailbox.length > 0) {
      // Later than that, and not paused, hers would have been delivered.
      await send('his', dave);
      await until(() => delivered.has('his'));
    } else expect(await sender.flush()).toMatchObject({ paused: [{ by: expect.any(String) }, { lane: 'carol@contoso.com' }] });
    expect([...delivered]).toEqual(mailbox.length > 0 ? ['his'] : []);
    await operate((spool) => spool.resume(...mailbox));
    await until(() => delivered.has('hers'));
    await sender.stop();
  });

  it('hold, release and cancel', async () => {
    const { sender, send, operate, until, delivered } = await running(await make());
    await sender.pause();
    for (const id of ['held', 'cancelled', 'goes on']) await send(id);
    await operate((spool) => spool.act('hold', 'held'));
    await operate((spool) => spool.act('cancel', 'cancelled'));
    await operate((spool) => spool.resume());
    await until(() => delivered.has('goes on'));
    expect([...delivered]).toEqual(['goes on']);
    await operate((spool) => spool.act('release', 'held'));
    await until(() => delivered.has('held'));
    expect(await sender.status('cancelled')).toMatchObject({ entries: [{ state: 'cancelled' }] });
    await sender.stop();
  });

  it('requeue one entry, and many; purge', async () => {
    const { sender, transport, send, operate, until, delivered } = await running(await make());
    transport.answer = () => refused;
    const died = happens(sender, 'message:dead');
    await send('one');
    await died;
    for (const id of ['two', 'gone']) {
      const next = happens(sender, 'message:dead');
      await send(id);
      await next;
    }
    transport.answer = ({ messageClass }) => ({ status: 'delivered', messageClass });
    await operate((spool) => spool.act('purge', 'gone'));
    await operate((spool) => spool.requeueOne('one'));
    await until(() => delivered.has('one'));
    await operate((spool) => spool.requeue({ state: 'dead' }));
    await until(() => delivered.has('two'));
    expect(transport.delivered.length).toBe(5);
    expect((await sender.status('gone'))?.entries ?? []).toEqual([]);
    await sender.stop();
  });

  it.each([[[]], [['alice@contoso.com']]])('retry-now %j tries a blocked mailbox', async (mailbox) => {
    const { sender, transport, send, operate, until, delivered } = await running(await make());
    transport.answer = () => blocked;
    const isBlocked = happens(sender, 'lane:blocked');
    await send('hers');
    await isBlocked;
    transport.answer = ({ messageClass }) => ({ status: 'delivered', messageClass });
    await operate((spool) => spool.retryNow(...mailbox));
    await until(() => delivered.has('hers'));
    await sender.stop();
  });
}
