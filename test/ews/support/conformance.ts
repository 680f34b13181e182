/** The harness of the transport conformance suite with the simulator, for every transport that speaks EWS. */
import {
  type ConformanceMessage,
  type ExchangeSimulator,
  ManualClock,
  type SimulatedItem,
  type SimulatedMailbox,
  startExchangeSimulator,
  type TransportHarness,
  type TransportHarnessOptions,
  type TransportTrouble,
} from '../../../src/testing.ts';
import type { Note, Transport } from '../../../src/transport/contract.ts';
import { validateBody } from '../../support/ews-schema.ts';

const alice = 'alice@contoso.test';
const password = 'péss & "wörd"';
const tagPath = { type: 'String', set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' } as const;

/** What a transport is created for. */
export interface Account extends TransportHarnessOptions {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export async function overSimulator(
  makeTransport: (account: Account) => Transport | Promise<Transport>,
  options: TransportHarnessOptions,
): Promise<TransportHarness> {
  // Ten minutes behind, so that items put into a mailbox have been there for a while.
  const clock = new ManualClock(Date.now() - 600_000);
  const server = await startExchangeSimulator({
    clock,
    mailboxes: [{ address: alice, name: 'Alice', password }, 'bob@contoso.test', 'carol@contoso.test'],
  });
  const transport = await makeTransport({ url: server.url, username: alice, password, ...options });
  let late = 0;
  return {
    transport,
    from: { address: alice, name: 'Alice' },
    to: { address: 'bob@contoso.test', name: 'Bob' },
    alsoTo: { address: 'carol@contoso.test' },
    messageClass: 'IM.Note.MissedConversation',
    secrets: [password, btoa(`${alice}:${password}`), 'Basic '],
    exchange: {
      arrived: (address) => server.mailbox(address).folder('inbox').items.map(messageOf),
      copies: (address) => copiesIn(server.mailbox(address)).map(messageOf),
      drafts: (address) => server.mailbox(address).folder('drafts').items.map(messageOf),
      requests: () => server.journal.length,
      arrange: (trouble) => {
        if (trouble.kind === 'late-copy') late = 60_000;
        return arrange(server, trouble);
      },
      settle: () => clock.advance(late),
    },
    dispose: async () => {
      await transport.close?.();
      const bodies = server.journal.flatMap(({ requestBody, fault }) =>
        fault === undefined && requestBody !== '' ? [requestBody] : [],
      );
      await server.close();
      const errors = bodies.flatMap(validateBody);
      if (errors.length > 0) throw new Error(`requests that the schema does not allow: ${errors.join('; ')}`);
    },
  };
}

function messageOf({ content }: SimulatedItem): ConformanceMessage {
  const { itemClass, subject, body, from, to, importance, sensitivity, cc, bcc, properties } = content;
  return {
    messageClass: itemClass,
    subject,
    body,
    from: from?.address ?? '',
    to: to.map(({ address }) => address),
    others: { importance, sensitivity, cc, bcc, properties: properties.map(({ path }) => path) },
  };
}

function copiesIn(mailbox: SimulatedMailbox): SimulatedItem[] {
  return mailbox.folders.flatMap((folder) => folder.items.filter((item) => item.isFromMe && !item.isDraft));
}

async function arrange(server: ExchangeSimulator, trouble: TransportTrouble): Promise<void> {
  const sending = server.faults.on('CreateItem').once();
  const mailbox = server.mailbox(alice);
  switch (trouble.kind) {
    case 'busy':
      sending.serverBusy({ backOff: trouble.backOff });
      break;
    case 'reset-before':
      sending.resetBefore();
      break;
    case 'lost-response':
      sending.lostResponse();
      break;
    case 'truncated':
      sending.truncated();
      break;
    case 'hang':
      sending.hang();
      break;
    case 'html':
      sending.html();
      break;
    case 'empty-error':
      sending.http(500, { body: '' });
      break;
    case 'refused-connection':
      await server.close();
      break;
    case 'unauthorized':
      server.faults.on('*').http(401);
      break;
    case 'rejected-items':
      sending.responseCode('ErrorInvalidRecipients', { items: trouble.items });
      break;
    case 'send-as-denied':
      sending.draftOnSendAsDenied();
      break;
    case 'unknown-code':
      sending.responseCode('ErrorOfTheFuture', { items: trouble.items });
      break;
    case 'batch-stopped':
      sending.responseCode('ErrorBatchProcessingStopped', { items: trouble.items, responseClass: 'Warning' });
      break;
    case 'fewer-answers':
      sending.partialBatch(trouble.processed, { answer: 'fewer' });
      break;
    case 'fault-after':
      sending.partialBatch(trouble.processed);
      break;
    case 'late-copy':
      sending.lateCopy(60_000);
      break;
    case 'search-fails':
      server.faults.on('FindItem').soapFault('ErrorMailboxStoreUnavailable');
      break;
    case 'copies-moved':
      for (const item of copiesIn(mailbox)) mailbox.move(item, 'deleteditems');
      break;
    case 'old-draft':
      mailbox.store(mailbox.folder('drafts'), contentOf(trouble.note), 'draft');
      break;
    case 'in-outbox':
      mailbox.store(mailbox.folder('outbox'), contentOf(trouble.note), 'pending');
      break;
  }
}

function contentOf({ messageClass, subject, body, from, to, tag }: Note): SimulatedItem['content'] {
  return {
    itemClass: messageClass,
    subject,
    body,
    importance: 'Normal',
    sensitivity: 'Normal',
    from,
    to,
    cc: [],
    bcc: [],
    internetMessageId: `<${tag}@contoso.test>`,
    properties: [{ path: tagPath, value: tag }],
  };
}
