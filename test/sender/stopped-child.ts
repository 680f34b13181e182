/**
 * A sender in its own process: `node stopped-child.ts '<ChildOptions as JSON>'`. Prints `asked` when notes are about to be
 * delivered, and suspends itself until it is continued; `sent` for every request that would send, and `done` when nothing waits.
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
  // Claimed, and nothing sent yet. It suspends itself outside any transaction, which would block the writes of others.
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
