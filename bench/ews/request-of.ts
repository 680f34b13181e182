import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { Note } from '../../src/transport/contract.ts';
import { mailbox, password } from './contender.ts';

/** The request that EwsTransport writes for these notes. */
export async function requestOf(notes: readonly Note[]): Promise<string> {
  let written = '';
  const transport = new EwsTransport({
    url: notes[0]?.place.endpoint ?? '',
    credentials: basicAuth({ username: mailbox, password }),
    fetch: async (_, init) => {
      written = String(init?.body);
      return new Response(null, { status: 503 });
    },
  });
  await transport.deliver(notes, { signal: new AbortController().signal, mayWrite: () => true });
  return written;
}
