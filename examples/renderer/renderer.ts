/**
 * A page, or the renderer of an Electron application, that leaves notes and keeps them over a reload, a crash and the end of the browser. Bundle it with anything; the
 * settings come from the page that serves it: `globalThis.settings = { url, username, password, pickupDelay }`.
 */
import { basicAuth, EwsTransport, OfflineImError, OfflineImSender } from 'offline-im';
import { IndexedDbSpool } from 'offline-im/indexeddb';

interface Settings {
  /** The relay's (docs/browsers.md): a browser repeats requests by itself, and the relay passes each on once. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly pickupDelay?: number;
}
const { url, username, password, pickupDelay } = (globalThis as unknown as { settings: Settings }).settings;

// Else the browser may delete the database when the disk is full.
await navigator.storage?.persist?.();

const sender = new OfflineImSender({
  identity: { sip: `sip:${username}`, displayName: 'Alice Example' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  // One tab at a time has the database; a second one waits here until the first is closed.
  spool: new IndexedDbSpool({ name: `offline-im ${username}`, waitForLock: Number.POSITIVE_INFINITY }),
  transport: new EwsTransport({ url, credentials: basicAuth({ username, password }), relay: true }),
  pickupDelay,
});

const list = document.querySelector('#notes') as HTMLElement;
function show(messageId: string, text: string): void {
  let row = document.getElementById(messageId);
  if (row === null) {
    row = document.createElement('li');
    row.id = messageId;
    list.append(row);
  }
  row.textContent = text;
}

sender.on('message:spooled', ({ messageId }) => show(messageId, 'waits'));
sender.on('message:delivered', ({ messageId }) => show(messageId, 'delivered'));
sender.on('message:unconfirmed', ({ messageId }) => show(messageId, 'is being probed'));
sender.on('message:dead', ({ messageId, text }) => show(messageId, text));
sender.on('lane:blocked', ({ text }) => show('blocked', text));

document.querySelector('#note')?.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const field = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value;
  sender.send({ to: field('to'), text: field('text') }).then(
    () => form.reset(),
    (error: unknown) => show('refused', error instanceof OfflineImError ? error.message : 'It was not kept.'),
  );
});

await sender.start();
// What an earlier visit left behind, and where it has got to since.
for await (const { messageId, state } of sender.list()) show(messageId, state);
document.body.dataset.ready = 'true';
