/**
 * A bot that speaks to who is there and leaves a note for who is away, and takes the note back when the person returns before it left.
 * The presence service here is any HTTP service that answers `GET /presence/<sip>` with `{ "availability": "Online" }` and takes `POST /im`.
 *
 * Settings by environment: PRESENCE_URL, EWS_URL, EWS_USERNAME, EWS_PASSWORD, SPOOL, PICKUP_DELAY (ms). Each line on stdin is
 * `{ "id": "…", "to": "sip:…", "text": "…" }`.
 */
import { createInterface } from 'node:readline';
import { basicAuth, EwsTransport, type Note, OfflineImSender } from 'offline-im';
import { SqliteSpool } from 'offline-im/sqlite';

const { PRESENCE_URL = '', EWS_URL = '', EWS_USERNAME = '', EWS_PASSWORD = '', SPOOL = 'bot.db', PICKUP_DELAY } = process.env;

type Presence = 'online' | 'away' | 'unknown';

/** Whoever is busy or presenting is there: their own client shows them what they missed. */
async function presenceOf(sip: string, signal = AbortSignal.timeout(5_000)): Promise<Presence> {
  const response = await fetch(`${PRESENCE_URL}/presence/${encodeURIComponent(sip)}`, { signal });
  if (!response.ok) return 'unknown';
  const { availability } = (await response.json()) as { availability?: string };
  return ['Online', 'Busy', 'DoNotDisturb', 'Presenting'].includes(availability ?? '') ? 'online' : 'away';
}

async function speak(to: string, text: string): Promise<boolean> {
  const body = JSON.stringify({ to, text });
  const signal = AbortSignal.timeout(5_000);
  const headers = { 'content-type': 'application/json' };
  return (await fetch(`${PRESENCE_URL}/im`, { method: 'POST', body, signal, headers })).ok;
}

/** Asked before each note is sent, never again for one that may have been sent. When presence can't be told, the note goes. */
async function beforeDelivery(note: Note): Promise<'deliver' | 'cancel'> {
  // Here an address is that of the mailbox; where the SIP address differs, keep it by `note.conversationId` when you send.
  const asked = note.to.map(({ address }) => presenceOf(`sip:${address}`).catch((): Presence => 'unknown'));
  const presences = await Promise.all(asked);
  return presences.every((presence) => presence === 'online') ? 'cancel' : 'deliver';
}

const sender = new OfflineImSender({
  identity: { sip: `sip:${EWS_USERNAME}`, displayName: 'Reminder Bot' },
  client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
  spool: new SqliteSpool({ path: SPOOL }),
  transport: new EwsTransport({ url: EWS_URL, credentials: basicAuth({ username: EWS_USERNAME, password: EWS_PASSWORD }) }),
  pickupDelay: PICKUP_DELAY === undefined ? undefined : Number(PICKUP_DELAY),
  beforeDelivery,
});

/** What a cancelled note would have said: told as an instant message instead. Lost with the process, unlike the note itself. */
const texts = new Map<string, { readonly to: string; readonly text: string }>();
sender.on('message:delivered', ({ messageId }) => {
  texts.delete(messageId);
  console.log(`${messageId}: note delivered`);
});
sender.on('message:cancelled', async ({ messageId }) => {
  const said = texts.get(messageId);
  texts.delete(messageId);
  if (said !== undefined)
    console.log(`${messageId}: ${(await speak(said.to, said.text)) ? 'said after the return' : 'not said'}`);
});
sender.on('message:dead', ({ messageId, code }) => console.error(`${messageId}: dead, ${code}`));
await sender.start();

interface Reminder {
  readonly id: string;
  readonly to: string;
  readonly text: string;
}

async function remind({ id, to, text }: Reminder): Promise<void> {
  // The client may have gone between the question and the message: a message that is not taken becomes a note.
  const presence = await presenceOf(to).catch(() => 'unknown');
  if (presence === 'online' && (await speak(to, text).catch(() => false))) {
    console.log(`${id}: said`);
    return;
  }
  texts.set(id, { to, text });
  await sender.send({ messageId: id, to, text });
  console.log(`${id}: note left`);
}

const lines = createInterface({ input: process.stdin });
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    lines.close();
    await sender.stop({ timeout: 8_000 });
  });
}
for await (const line of lines) {
  await remind(JSON.parse(line) as Reminder).catch((error: unknown) => console.error(error));
}
