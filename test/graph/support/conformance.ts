/** The harness of the transport conformance suite with the Graph door of the simulator. */
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import type { GraphTransportOptions } from '../../../src/graph/options.ts';
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
import { checkedGraphFetch, journalErrors } from './graph-schema.ts';

const alice = 'alice@contoso.test';
const tagPath = { type: 'String', set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' } as const;

/** Troubles that cannot be arranged if every note is its own request, with a response without a body. */
export const leftOut = [
  'truncated',
  'batch-stopped',
  'fewer-answers',
  'fault-after',
] as const satisfies readonly TransportTrouble['kind'][];

export async function overGraphDoor(
  options: TransportHarnessOptions,
  wrap: (transport: GraphTransport, server: ExchangeSimulator) => Transport = (transport) => transport,
  own: Partial<GraphTransportOptions> = {},
): Promise<TransportHarness> {
  // Two days behind, so that items put into a mailbox have been there longer than any draft may.
  const clock = new ManualClock(Date.now() - 2 * 86_400_000);
  const server = await startExchangeSimulator({
    clock,
    mailboxes: [{ address: alice, name: 'Alice' }, 'bob@contoso.test', 'carol@contoso.test'],
  });
  const token = server.tokens.issue(alice);
  const fetch = checkedGraphFetch();
  const graph = new GraphTransport({
    root: server.graphUrl,
    credential: async () => ({ token }),
    messagesPerMinute: 10_000,
    fetch,
    ...(options.deadline === undefined ? {} : { requestTimeout: options.deadline }),
    ...own,
  });
  const transport = wrap(graph, server);
  let late = 0;
  return {
    transport,
    from: { address: alice, name: 'Alice' },
    to: { address: 'bob@contoso.test', name: 'Bob' },
    alsoTo: { address: 'carol@contoso.test' },
    messageClass: 'IPM.Note.Microsoft.Missed',
    oneNotePerRequest: true,
    secrets: [token, 'Bearer '],
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
      const errors = [...fetch.errors, ...journalErrors(server.journal)];
      await server.close();
      if (errors.length > 0) throw new Error(`not what the description of Graph allows: ${errors.join('; ')}`);
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
  const sending = server.faults.on('sendMail').once();
  const nth = (items: readonly number[]) => server.faults.on('sendMail').nth((items[0] ?? 0) + 1);
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
      server.faults.on('*').graphError('InvalidAuthenticationToken');
      break;
    case 'rejected-items':
      nth(trouble.items).graphError('ErrorInvalidRecipients');
      break;
    case 'send-as-denied':
      sending.draftOnSendAsDenied();
      break;
    case 'unknown-code':
      nth(trouble.items).graphError('ErrorOfTheFuture');
      break;
    case 'late-copy':
      sending.lateCopy(60_000);
      break;
    case 'search-fails':
      server.faults.on('listMessages').graphError('ErrorMailboxStoreUnavailable');
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
    default:
      throw new Error(`${trouble.kind} can't be arranged at the Graph door`);
  }
}

export function contentOf({ messageClass, subject, body, from, to, tag }: Note): SimulatedItem['content'] {
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
    internetMessageId: `<${tag.replaceAll('/', '.')}@elsewhere.test>`,
    properties: [{ path: tagPath, value: tag }],
  };
}
