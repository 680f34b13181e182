/** A transport that is not EWS: its mailboxes are lists. It shows what the conformance suite requires of a custom transport. */
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { ConformanceMessage, TransportHarness, TransportTrouble } from '../../../src/testing.ts';
import type {
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Transport,
} from '../../../src/transport/contract.ts';

/** The troubles that such a harness cannot arrange. */
export const leftOut = [
  'truncated',
  'hang',
  'html',
  'empty-error',
  'unauthorized',
  'send-as-denied',
  'unknown-code',
  'batch-stopped',
  'fewer-answers',
  'fault-after',
  'late-copy',
  'copies-moved',
  'old-draft',
  'in-outbox',
] as const satisfies readonly TransportTrouble['kind'][];

export class MemoryTransport implements Transport {
  readonly name = 'memory';
  readonly sent: Note[] = [];
  requests = 0;
  trouble: TransportTrouble | undefined;

  placeOf(from: Mailbox): Place {
    return { endpoint: 'memory:', mailbox: from.address, folder: 'sent' };
  }

  async deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    const outcomes: DeliveryOutcome[] = [];
    for (const [at, note] of notes.entries()) outcomes.push(await this.send(note, at, options));
    return outcomes;
  }

  async probe(notes: readonly Note[], { signal }: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]> {
    return notes.map((note) => this.look(note, signal));
  }

  protected async send(note: Note, at: number, { signal, mayWrite }: DeliverOptions): Promise<DeliveryOutcome> {
    if (signal.aborted || !mayWrite()) {
      return { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'Not sent.'), retryAfter: 0 };
    }
    const { trouble } = this;
    if (trouble?.kind === 'refused-connection') {
      return { status: 'deferred', scope: 'endpoint', error: new OfflineImError('ENDPOINT_UNREACHABLE', 'Nobody is there.') };
    }
    this.requests += 1;
    const error = new OfflineImError('TRANSPORT_FAILED', 'It failed.');
    switch (trouble?.kind) {
      case 'busy':
        return { status: 'deferred', scope: 'mailbox', error, retryAfter: trouble.backOff };
      case 'reset-before':
        return { status: 'unconfirmed', scope: 'endpoint', error };
      case 'lost-response':
        this.sent.push(note);
        return { status: 'unconfirmed', scope: 'endpoint', error };
      case 'rejected-items':
        if (trouble.items.includes(at)) return { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error };
    }
    this.sent.push(note);
    return { status: 'delivered', messageClass: note.messageClass };
  }

  protected look({ unknownAttempts }: Note, signal: AbortSignal): ProbeResult {
    this.requests += 1;
    if (signal.aborted || this.trouble?.kind === 'search-fails') {
      return { status: 'unknown', error: new OfflineImError('TRANSPORT_FAILED', 'It can not be read.') };
    }
    if (unknownAttempts.some(({ tag }) => this.sent.some((note) => note.tag === tag))) return { status: 'found' };
    const gone = unknownAttempts.find(({ place }) => place.endpoint !== 'memory:');
    if (gone === undefined) return { status: 'absent' };
    return { status: 'unknown', error: new OfflineImError('PLACE_GONE', 'It went somewhere else.') };
  }
}

export async function memoryHarness(transport: MemoryTransport): Promise<TransportHarness> {
  const messages = (notes: readonly Note[]): ConformanceMessage[] =>
    notes.map(({ messageClass, subject, body, from, to }) => {
      return { messageClass, subject, body, from: from.address, to: to.map(({ address }) => address), others: {} };
    });
  return {
    transport,
    from: { address: 'a@contoso.test', name: 'A' },
    to: { address: 'b@contoso.test', name: 'B' },
    alsoTo: { address: 'c@contoso.test' },
    messageClass: 'IM.Note.MissedConversation',
    secrets: [],
    exchange: {
      arrived: (address) => messages(transport.sent.filter(({ to }) => to.some((mailbox) => mailbox.address === address))),
      copies: (address) => messages(transport.sent.filter(({ from }) => from.address === address)),
      drafts: () => [],
      requests: () => transport.requests,
      arrange: (trouble) => {
        transport.trouble = trouble;
      },
      settle: () => {},
    },
    dispose: async () => {},
  };
}
