import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../src/ews/options.ts';
import type { DeliveryOutcome, Note } from '../../../src/transport/contract.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { always, makeNote } from './note.ts';
import { CannedServer } from './server.ts';

export { always, makeNote };

export interface Harness {
  readonly server: CannedServer;
  transport(options?: Partial<EwsTransportOptions>): EwsTransport;
  note(transport: EwsTransport, n: number, fields?: Partial<Note>): Note;
  /** Delivers `count` notes with a fresh transport. */
  deliver(count: number, options?: Partial<EwsTransportOptions>): Promise<readonly DeliveryOutcome[]>;
}

/** A server and transports for one test file; every request that its tests send must be valid. */
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
    const clock = options.requestTimeout === undefined ? { clock: hastyClock } : {};
    return new EwsTransport({ url: current().url, credentials, ...clock, ...options, fetch });
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
