import { MemorySpool, OfflineImSender } from '../../../src/index.ts';
import type { OfflineImSenderOptions } from '../../../src/sender/options.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { fastClock, never, settles, settlesAll } from '../calls.ts';

function senderWith(options: Partial<OfflineImSenderOptions> = {}): OfflineImSender {
  return new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: new FakeTransport(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...options,
  });
}

const message = (messageId: string) => ({ to: 'sip:bob@contoso.com', text: 'Are you there?', messageId });

export async function run(): Promise<void> {
  await everyCall();
  await hangingHosts();
  await hangingSpools();
}

async function everyCall(): Promise<void> {
  const sender = senderWith();
  await settlesAll('sender', sender, {
    on: 'at once',
    once: 'at once',
    off: 'at once',
    setPolicy: 'at once',
    retryNow: 'at once',
    check: () => sender.check(message('one')),
    send: () => sender.send(message('one')),
    sendMany: () => sender.sendMany([message('two'), message('three'), message('four')]),
    hold: () => sender.hold('two'),
    release: () => sender.release('two'),
    cancel: () => sender.cancel('three'),
    requeue: () => sender.requeue('three'),
    purge: () => sender.purge('four'),
    pause: () => sender.pause(),
    resume: () => sender.resume(),
    flush: () => sender.flush(),
    status: () => sender.status('one'),
    list: () => sender.list(),
    stats: () => sender.stats(),
    start: () => sender.start(),
    stop: () => sender.stop(),
  });
  const disposed = senderWith();
  await settles('sender.start()', () => disposed.start());
  await settles('sender[Symbol.asyncDispose]()', () => disposed[Symbol.asyncDispose]());
}

/** A host's function, or a transport, that never returns. */
async function hangingHosts(): Promise<void> {
  const transport = (parts: Partial<FakeTransport>) => Object.assign(new FakeTransport(), parts);
  const unknown = async (): Promise<never> => {
    throw new Error('lost');
  };
  const hosts: Readonly<Record<string, Partial<OfflineImSenderOptions>>> = {
    policy: { policy: () => never },
    resolveMailbox: { resolveMailbox: () => never },
    beforeDelivery: { beforeDelivery: () => never },
    'transport.deliver': { transport: transport({ deliver: () => never }) },
    'transport.probe': { transport: transport({ deliver: unknown, probe: () => never }), probe: { initialDelay: 1, grace: 1 } },
    'transport.close': { transport: Object.assign(transport({}), { close: () => never }) },
  };
  for (const [name, options] of Object.entries(hosts)) {
    const sender = senderWith({ clock: fastClock, ...options });
    const sending = sender.send(message('one'));
    sending.catch(() => undefined);
    if (name !== 'policy' && name !== 'resolveMailbox') {
      await settles(`send() with a hanging ${name}`, () => sending);
      const signal = AbortSignal.timeout(100);
      await settles(`flush() with a hanging ${name}`, () => sender.flush({ signal }));
    }
    await settles(`stop() with a hanging ${name}`, () => sender.stop({ timeout: 2_000 }));
    await settles(`the send() after stop() with a hanging ${name}`, () => sending);
  }
}

async function hangingSpools(): Promise<void> {
  for (const name of ['open', 'append', 'claim', 'settle', 'close'] as const) {
    const spool = Object.assign(new MemorySpool(), { [name]: () => never });
    const sender = senderWith({ clock: fastClock, spool });
    const sending = sender.send(message('one'));
    sending.catch(() => undefined);
    if (name !== 'open' && name !== 'append') await settles(`send() on a spool whose ${name}() hangs`, () => sending);
    const flushing = name === 'open' ? sending : sender.flush({ signal: AbortSignal.timeout(50) });
    flushing.catch(() => undefined);
    await settles(`stop() on a spool whose ${name}() hangs`, () => sender.stop({ timeout: 2_000 }));
    if (name === 'open' || name === 'append') await settles(`the send() on a spool whose ${name}() hangs`, () => sending);
  }
}
