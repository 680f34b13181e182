/**
 * The simulator in its own process, for tests that kill the sending process: `node test/support/simulator-process.ts '<options as
 * JSON>'`.
 *
 * The first line on stdout is the URL. After that, every line on stdin is a command (`SimulatorCommand` with an id), and every
 * line on stdout its reply. The process ends when stdin does, because the test is gone.
 */
import { createInterface } from 'node:readline';
import { type ExchangeSimulator, startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { journalErrors } from '../graph/support/graph-schema.ts';
import { schemaAvailable, validateBody } from './ews-schema.ts';
import type { MailboxSnapshot, SimulatorCommand, SimulatorProcessOptions, SimulatorSnapshot } from './simulator-protocol.ts';

/** The named property in which EwsTransport stores its tag. */
const tagOfTransport = { set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' };

const options = JSON.parse(process.argv[2] ?? '{}') as SimulatorProcessOptions;
const { faults = [], tagProperty = tagOfTransport, checked = false, ...simulatorOptions } = options;
const schemaErrors: string[] = [];
let bodies = 0;
/** When Graph accepted a message, by its Message-ID: it may leave much later. */
const acceptedByGraph = new Map<string, Date>();

function noteAcceptance(body: string, at: Date): void {
  const id = /"internetMessageId":"([^"]+)"/.exec(body)?.[1];
  if (id !== undefined) acceptedByGraph.set(id, at);
}

const exchange = await startExchangeSimulator({
  ...simulatorOptions,
  onRequest: (entry) => {
    const { at, path, operation, requestBody, responseBody } = entry;
    if (operation === 'sendMail') noteAcceptance(requestBody, at);
    if (checked && path.startsWith('/v1.0/')) {
      bodies += 1;
      schemaErrors.push(...journalErrors([entry]));
      return;
    }
    if (!checked || !schemaAvailable) return;
    for (const body of [requestBody, responseBody]) {
      if (body === '') continue;
      bodies += 1;
      schemaErrors.push(...validateBody(body));
    }
  },
});
for (const { selector, fault } of faults) exchange.faults.add(selector, fault);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function snapshot(of: ExchangeSimulator): SimulatorSnapshot {
  const mailboxes: Record<string, MailboxSnapshot> = {};
  for (const mailbox of of.mailboxes) {
    const folders: MailboxSnapshot = {};
    for (const folder of mailbox.folders) {
      if (folder.size === 0) continue;
      folders[folder.label] = folder.items.map((item) => ({
        id: item.id,
        subject: item.subject,
        itemClass: item.itemClass,
        body: item.body.content,
        tag: item.property(tagProperty.set, tagProperty.name),
        isDraft: item.isDraft,
        from: item.from?.address,
        to: item.to.map((m) => m.address),
        createdAt: item.createdAt.getTime(),
        sentAt: (acceptedByGraph.get(item.internetMessageId) ?? item.sentAt)?.getTime(),
      }));
    }
    mailboxes[mailbox.address] = folders;
  }
  const outbound = of.outbound.map((m) => ({ recipient: m.recipient, subject: m.content.subject, body: m.content.body.content }));
  return { mailboxes, outbound };
}

function run(command: SimulatorCommand): unknown {
  switch (command.command) {
    case 'snapshot':
      return snapshot(exchange);
    case 'addFault':
      exchange.faults.add(command.selector, command.fault);
      return null;
    case 'moveMailbox':
      exchange.moveMailbox(command.address, command.location);
      return null;
    case 'clearFaults':
      exchange.faults.clear();
      return null;
    case 'journal':
      return exchange.journal.map(({ requestBody: _request, responseBody: _response, ...rest }) => rest);
    case 'schemaErrors':
      return { bodies, errors: schemaErrors.slice(0, 20) };
    case 'reset':
      exchange.reset();
      return null;
    case 'close':
      return null;
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const { id, ...command } = JSON.parse(line) as SimulatorCommand & { id: number };
  try {
    say(JSON.stringify({ id, result: run(command) }));
  } catch (error) {
    say(JSON.stringify({ id, error: error instanceof Error ? error.message : String(error) }));
  }
  if (command.command === 'close') input.close();
});
input.on('close', () => {
  void exchange.close().then(() => process.stdin.destroy());
});

say(exchange.url);
