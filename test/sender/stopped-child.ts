/**
 * A sender in a process of its own: `node stopped-child.ts '<ChildOptions as JSON>'`. Says `asked` when notes are about to be
 * delivered, and stops until it is told to go on; `sent` for every request that would send, and `done` when nothing waits.
 */
import { basicAuth, EwsTransport, OfflineImSender } from '../../src/index.ts';
import { makeSpool } from '../crash/open-spool.ts';
import { alice, type ChildOptions, quick } from './stopped-options.ts';

const { kind, path, url } = JSON.parse(process.argv[2] ?? '{}') as ChildOptions;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

let asked = false;

const sender = new OfflineImSender({
  identity: { sip: `sip:${alice}` },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: await makeSpool({ kind, path }),
  transport: new EwsTransport({
    url,
    credentials: basicAuth({ username: alice, password: 'p' }),
    requestTimeout: 300,
    fetch: (input, init) => {
      if (String(init?.body).includes('CreateItem')) say('sent');
      return fetch(input, init);
    },
  }),
  logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  ...quick,
  // Claimed, and nothing written yet. It stops itself, so that it is in no transaction then: the others could not write while it slept.
  beforeDelivery: () => {
    if (!asked) {
      asked = true;
      say('asked');
      process.kill(process.pid, 'SIGSTOP');
    }
    return 'deliver' as const;
  },
});

await sender.start();
for (;;) {
  const { spooled, deferred, delivering, unconfirmed } = (await sender.stats()).states;
  if (spooled + deferred + delivering + unconfirmed === 0) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
say('done');
await sender.stop();
