import { basicAuth, EwsTransport } from '../../src/ews/index.ts';
import type { Note } from '../../src/transport.ts';
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
