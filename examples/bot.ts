/**
 * A bot that leaves notes for many people from one mailbox: ids of its own, so that a job that runs twice leaves nothing twice, and events that say what became of each.
 * Run it with `node --import ./examples/from-source.ts examples/bot.ts`.
 */
import { basicAuth, EwsTransport, MemorySpool, OfflineImSender, type OutgoingMessage } from 'offline-im';
import { startExchangeSimulator } from 'offline-im/testing';

const people = ['ana', 'bea', 'cem', 'dora', 'emil'].map((name) => `${name}@contoso.test`);
const exchange = await startExchangeSimulator({
  mailboxes: ['helpdesk@contoso.test', ...people],
  organization: ['contoso.test'],
});
// One server trouble on the way, so that there is something to report: the answer is lost after the first request was carried out.
exchange.faults.on('CreateItem').once().lostResponse();

const sender = new OfflineImSender({
  identity: { sip: 'sip:helpdesk@contoso.test', displayName: 'Help Desk' },
  organization: { domains: ['contoso.test'], federatedDomains: ['fabrikam.test'] },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  spool: new MemorySpool(), // a bot that must survive a crash: new FileSpool({ root }) of 'offline-im/file'
  transport: new EwsTransport({
    url: exchange.url,
    credentials: basicAuth({ username: 'helpdesk@contoso.test', password: 'any' }),
  }),
  // For a demonstration: the defaults, two minutes and 5 s, are right for a real server.
  pickupDelay: 200,
  probe: { initialDelay: 200 },
  retry: { initialDelay: 200 },
});

const became = new Map<string, string>();
sender.on('message:unconfirmed', ({ messageId }) => became.set(messageId, 'being probed'));
sender.on('message:delivered', ({ messageId, foundByProbe }) =>
  became.set(messageId, foundByProbe ? 'found: it had been sent' : 'delivered'),
);
sender.on('transport:unavailable', ({ code }) => console.log(`server: ${code}`));
sender.on('message:dead', ({ messageId, code }) => became.set(messageId, `dead, ${code}`));

/** One ticket, one message: the id is the ticket's, whoever runs the job and however often. */
const tickets: OutgoingMessage[] = [...people, 'fred@fabrikam.test', 'gus@elsewhere.test', 'no address'].map((to, index) => ({
  to,
  text: `Your ticket ${4711 + index} has been closed.`,
  messageId: `ticket-${4711 + index}`,
}));

await sender.start();
for (const run of [1, 2]) {
  const results = await sender.sendMany(tickets);
  const accepted = results.filter((result) => result.status === 'accepted');
  console.log(
    `run ${run}: ${accepted.length} accepted, ${accepted.filter(({ receipt }) => receipt.duplicate).length} of them known already`,
  );
  for (const [index, result] of results.entries()) {
    if (run === 1 && result.status === 'rejected') console.log(`  ${tickets[index]?.messageId}: ${result.error.code}`);
  }
}

const ended = Promise.withResolvers<void>();
sender.on('spool:idle', () => {
  if ([...became.values()].filter((state) => state !== 'being probed').length === 6) ended.resolve();
});
await ended.promise;
await sender.stop();

for (const [messageId, state] of [...became].sort()) console.log(`${messageId}: ${state}`);
const arrived = people.map((address) => exchange.mailbox(address).missedConversations().length);
console.log(`notes in each mailbox inside: ${arrived.join(' ')}, outside: ${exchange.outbound.length}`);
await exchange.close();
