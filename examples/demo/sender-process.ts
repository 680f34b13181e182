/**
 * The program that uses the library: sends what the data file holds, wave by wave, and reports every step. The demo starts it, kills it, and starts it
 * again; it then simply sends everything once more, since a message that was accepted under an id is never accepted twice.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  basicAuth,
  type EventName,
  EwsTransport,
  type GateClient,
  GateRefusedError,
  GraphTransport,
  type Identity,
  OfflineImSender,
  type OutgoingMessage,
  type Policy,
  parseCsClientPolicy,
  parseCsImConfiguration,
  policyOfCsClientPolicy,
  policyOfCsImConfiguration,
  routeByMailbox,
} from 'offline-im';
import { FileSpool } from 'offline-im/file';
import {
  type DemoMessage,
  firstLocations,
  type Location,
  mailboxOf,
  personOf,
  readData,
  readListings,
  type Wave,
} from './data.ts';
import type { Assignment, Moved, SenderLine } from './protocol.ts';
import { reportedEvents } from './reported-events.ts';

const lines = createInterface({ input: process.stdin });
const assignment = await readAssignment();
const [data, listings] = await Promise.all([readData(assignment.dataFile), readListings()]);
/** Which side each mailbox is on: in life, what the directory says. */
const locations = firstLocations(data);
const locationOf = (address: string): Location => locations.get(address.toLowerCase()) ?? 'on-premises';
lines.on('line', (line) => {
  const { mailbox, location } = JSON.parse(line) as Moved;
  locations.set(mailbox, location);
});
const imConfiguration = parseCsImConfiguration(listings.imConfiguration);
const clientPolicies = parseCsClientPolicy(listings.clientPolicy);

const sender = new OfflineImSender({
  identity: { sip: 'sip:alice@contoso.test', displayName: 'Alice Example' },
  organization: data.organization,
  client: clientOf,
  policy: policyOf,
  resolveMailbox: (sip) => mailboxOf(data, sip),
  spool: new FileSpool({ root: assignment.root }),
  // One organisation with mailboxes on both sides.
  transport: routeByMailbox({
    of: locationOf,
    transports: {
      'on-premises': new EwsTransport({
        url: assignment.url,
        credentials: basicAuth({ username: assignment.username, password: assignment.password }),
        requestTimeout: 30_000,
      }),
      'exchange-online': new GraphTransport({
        root: assignment.graphUrl,
        credential: async ({ address }) => ({ token: assignment.tokens[address] ?? '' }),
        requestTimeout: 30_000,
        minimumGrace: 2_000,
      }),
    },
  }),
  // Two minutes are two seconds here, and the rest is shortened with them. Leave all of these out in your program.
  pickupDelay: 2_000,
  pollInterval: 500,
  lease: { duration: 40_000, renewEvery: 2_000 },
  probe: { initialDelay: 600, maxDelay: 1_200, grace: 2_000 },
  retry: { initialDelay: 200, maxDelay: 1_000 },
});

for (const name of reportedEvents) sender.on(name, (event) => report({ kind: 'event', name, event }));
try {
  await sender.start();
  for (const [wave, { messages }] of data.waves.entries()) {
    await sendWave(messages);
    report({ kind: 'wave-sent', wave });
    await nothingWaits();
    report({ kind: 'wave-settled', wave });
  }
  report({ kind: 'finished', counts: (await sender.stats()).states });
} catch (error) {
  process.exitCode = 1;
  report({ kind: 'failed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
await sender.stop();
process.stdin.destroy();

/** Not one after the other: the order of the calls is the order within each conversation. */
async function sendWave(messages: Wave['messages']): Promise<void> {
  const sends: Promise<void>[] = [];
  for (const message of messages) {
    if (message.id === assignment.drop) continue;
    if (message.pause !== undefined) await sleep(message.pause);
    sends.push(send(message));
  }
  await Promise.all(sends);
}

async function send(message: DemoMessage): Promise<void> {
  try {
    const { messageId, duplicate } = await sender.send(outgoing(message));
    report({ kind: 'accepted', messageId, duplicate });
  } catch (error) {
    if (!(error instanceof GateRefusedError)) throw error;
    report({ kind: 'refused', messageId: message.id, reasons: error.reasons.map(({ code }) => code) });
  }
}

function outgoing({ id, from, to, text, sentAt, conversation }: DemoMessage): OutgoingMessage {
  const sentBy = { sip: from, displayName: personOf(data, from).name };
  return { messageId: id, from: sentBy, to, text, sentAt: new Date(sentAt), conversationId: conversation };
}

/** Which client someone has: in life, what the SIP User-Agent of their client says. */
function clientOf({ sip }: Identity): GateClient {
  const { client = 'unknown' } = personOf(data, sip);
  return { version: client, mailboxLocation: locationOf };
}

/** What the administrators have set for someone. */
function policyOf({ sip }: Identity): Policy {
  const { site, clientPolicy } = personOf(data, sip);
  return {
    ...policyOfCsImConfiguration(imConfiguration, { site }),
    ...policyOfCsClientPolicy(clientPolicies, { site, tag: clientPolicy }),
  };
}

async function nothingWaits(): Promise<void> {
  for (;;) {
    const { spooled, deferred, delivering, unconfirmed } = (await sender.stats()).states;
    if (spooled + deferred + delivering + unconfirmed === 0) return;
    await sleep(50);
  }
}

function report(line: SenderLine | { readonly kind: 'event'; readonly name: EventName; readonly event: object }): void {
  const text = JSON.stringify(line, (_key, value: unknown) => (value instanceof Error ? value.message : value));
  process.stdout.write(`${text}\n`);
}

/** When stdin ends, the demo is gone, and nobody would ever end this process. */
async function readAssignment(): Promise<Assignment> {
  lines.on('close', () => process.exit(3));
  const line = await new Promise<string>((resolve) => lines.once('line', resolve));
  return JSON.parse(line) as Assignment;
}
