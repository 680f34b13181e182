/**
 * Its tests, for Vitest (`vitest run --globals`) and for Jest (`node --experimental-vm-modules node_modules/jest/bin/jest.js`): `test` and `expect` are globals in both.
 * Exchange is the simulator, a real HTTP server; nothing of ews-javascript-api is replaced.
 */
import { startExchangeSimulator } from 'offline-im/testing';
import { connect, remind } from './reminders.mjs';

const [chair, bob, carol] = ['chair@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
const meeting = { subject: 'Budget', people: [bob, carol] };
let exchange;
let service;

beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: [chair, bob, carol] });
});
afterAll(() => exchange.close());
beforeEach(() => {
  exchange.reset();
  service = connect({ url: exchange.url, username: chair, password: 'any' });
});

const inboxOf = (address) => exchange.mailbox(address).folder('inbox').items;

test('reminds everybody once and keeps a copy', async () => {
  expect(await remind(service, meeting)).toEqual({ sent: [bob, carol], failed: [] });
  for (const address of [bob, carol]) expect(inboxOf(address).map(({ subject }) => subject)).toEqual(['Reminder: Budget']);
  expect(exchange.mailbox(chair).folder('sentitems').items).toHaveLength(2);
});

test('reminds nobody who has accepted', async () => {
  await accept(bob);
  expect(await remind(service, meeting)).toEqual({ sent: [carol], failed: [] });
  expect(inboxOf(bob)).toEqual([]);
});

test('goes on with the others when the server refuses one', async () => {
  exchange.faults.on('CreateItem').once().responseCode('ErrorQuotaExceeded');
  expect(await remind(service, meeting)).toEqual({ sent: [carol], failed: [bob] });
});

/** As the person's own client would. */
async function accept(address) {
  const { EmailMessage, MessageBody } = await import('ews-javascript-api');
  const message = new EmailMessage(connect({ url: exchange.url, username: address, password: 'any' }));
  message.Subject = 'Accepted: Budget';
  message.Body = new MessageBody('');
  message.ToRecipients.Add(chair);
  await message.Send();
}
