import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../src/ews/options.ts';
import type { DeliverOptions, DeliveryOutcome, Note, Transport } from '../../../src/transport/contract.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { CannedServer } from './server.ts';

export interface Harness {
  readonly server: CannedServer;
  transport(options?: Partial<EwsTransportOptions>): EwsTransport;
  note(transport: EwsTransport, n: number, fields?: Partial<Note>): Note;
  /** Delivers `count` notes with a fresh transport. */
  deliver(count: number, options?: Partial<EwsTransportOptions>): Promise<readonly DeliveryOutcome[]>;
}

/** A server and transports for one test file; every request any of its tests writes must validate. */
export function useHarness(): Harness {
  let server: CannedServer | undefined;
  let errors: (readonly string[])[] = [];
  const current = (): CannedServer => {
    if (server === undefined) throw new Error('the server runs inside tests only');
    return server;
  };
  beforeAll(async () => {
    server = await CannedServer.start();
  });
  afterAll(() => server?.close());
  afterEach(() => {
    expect(errors.flat()).toEqual([]);
    errors = [];
    server?.reset();
  });
  const transport = (options: Partial<EwsTransportOptions> = {}): EwsTransport => {
    const fetch = checkedFetch(options.fetch);
    errors.push(fetch.errors);
    const credentials = basicAuth({ username: 'alice@contoso.test', password: 'sécret-pass' });
    return new EwsTransport({ url: current().url, credentials, ...options, fetch });
  };
  return {
    get server() {
      return current();
    },
    transport,
    note: makeNote,
    deliver: (count, options) => {
      const t = transport(options);
      return t.deliver(
        Array.from({ length: count }, (_, n) => makeNote(t, n)),
        always(),
      );
    },
  };
}

export function always(signal: AbortSignal = new AbortController().signal): DeliverOptions {
  return { signal, mayWrite: () => true };
}

export function makeNote(transport: Pick<Transport, 'placeOf'>, n: number, fields: Partial<Note> = {}): Note {
  const from = { address: 'alice@contoso.test', name: 'Alice Example' };
  return {
    id: `note-${n}`,
    attempt: 1,
    tag: `note-${n}/1`,
    unknownAttempts: [],
    place: transport.placeOf(fields.from ?? from),
    from,
    to: [{ address: 'bob@contoso.test', name: 'Bob "B" Example' }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 'Alice Example sent you a message in Skype for Business',
    body: { type: 'text', content: `secret text ${n}` },
    sentAt: new Date(0),
    conversationId: 'c',
    entryIds: [`e${n}`],
    ...fields,
  };
}
