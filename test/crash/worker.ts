/**
 * A process that sends and delivers until it is killed: `node test/crash/worker.ts '<WorkerOptions as JSON>'`.
 * Says `ready` once it runs, `accepted <n>` for every message that send() resolved for, and `done` when nothing waits any more.
 */
import type { Socket } from 'node:net';
import { basicAuth, EwsTransport, hasCode, OfflineImSender } from '../../src/index.ts';
import { makeSpool } from './open-spool.ts';
import type { WorkerOptions } from './worker-options.ts';
import { conversationOf, messageOf } from './worker-options.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;
const sender = new OfflineImSender({
  identity: { sip: `sip:${options.senders[0]}` },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: await makeSpool(options.spool),
  transport: new EwsTransport({
    url: options.url,
    credentials: basicAuth({ username: 'service', password: 'secret' }),
    deadline: 800,
  }),
  logger: { debug: () => undefined, info: () => undefined, warn: say, error: say },
  // Everything that takes minutes in life takes fractions of a second here; the proportions stay.
  pickupDelay: 40,
  scanInterval: 100,
  lease: 2_000,
  renewEvery: 300,
  deadline: 800,
  probeFirst: 50,
  probeCap: 200,
  probeGrace: options.probeGrace ?? 400,
  retryFirst: 20,
  retryCap: 200,
  batchSize: 5,
});

function say(line: unknown): void {
  process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
}

/** One conversation sends one message after the other: their order is the order of acceptance. */
async function converse(numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    await sendUntilAccepted(number);
    say(`accepted ${number}`);
  }
}

/** A spool that was out of reach, or can't tell, gets the same message again. */
async function sendUntilAccepted(number: number): Promise<void> {
  for (;;) {
    try {
      await sender.send(messageOf(number, options));
      return;
    } catch (error) {
      const again = (['SPOOL_FAILED', 'SPOOL_BUSY', 'APPEND_OUTCOME_UNKNOWN'] as const).some((code) => hasCode(error, code));
      if (!again) throw error;
      say(`again ${number}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

// Whoever started it holds the other end: a run that was killed leaves no workers behind.
process.stdin.on('end', () => process.exit(1)).resume();
(process.stdin as Socket).unref();

await sender.start();
say('ready');
const chains = new Map<number, number[]>();
for (const number of options.numbers) {
  const key = conversationOf(number, options);
  chains.set(key, [...(chains.get(key) ?? []), number]);
}
await Promise.all([...chains.values()].map(converse));
for (;;) {
  const counts = await sender.counts().catch(() => undefined);
  const { spooled = 1, deferred = 0, delivering = 0, unconfirmed = 0 } = counts ?? {};
  if (!options.stays && spooled + deferred + delivering + unconfirmed === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
say('done');
await sender.stop();
