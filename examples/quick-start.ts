/**
 * The main job without an Exchange: two messages for someone who is offline, a simulated server, and what Outlook would show.
 * Run it with `node --import ./examples/from-source.ts examples/quick-start.ts`.
 */
import { basicAuth, EwsTransport, MemorySpool, OfflineImSender } from 'offline-im';
import { startExchangeSimulator } from 'offline-im/testing';

const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });

const sender = new OfflineImSender({
  identity: { sip: 'sip:alice@contoso.test', displayName: 'Alice Example' },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: new MemorySpool(),
  transport: new EwsTransport({
    url: exchange.url,
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'any' }),
  }),
  pickupDelay: 500, // the product waits two minutes, and so does the library by default
});
sender.on('message:delivered', ({ messageId, attempt }) => console.log(`${messageId}: delivered at attempt ${attempt}`));
await sender.start();

for (const [messageId, text] of Object.entries({ first: 'Are you there?', second: 'Call me when you are back.' })) {
  const { entries } = await sender.send({ to: 'sip:bob@contoso.test', text, messageId });
  for (const entry of entries) console.log(`${messageId}: spooled as ${entry.messageClass} for ${entry.recipients.join(', ')}`);
}

await exchange.waitForMessage((item) => item.mailbox === 'bob@contoso.test');
await sender.stop();

for (const { subject } of exchange.mailbox('bob@contoso.test').missedConversations())
  console.log(`Missed Conversations of Bob: ${subject}`);
for (const { subject } of exchange.mailbox('alice@contoso.test').conversationHistory())
  console.log(`Conversation History of Alice: ${subject}`);
console.log(`Drafts of Alice: ${exchange.mailbox('alice@contoso.test').folder('drafts').items.length}`);
await exchange.close();
