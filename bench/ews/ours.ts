import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { HttpDispatcher } from '../../src/transport/dispatcher.ts';
import { type Contender, mailbox, password } from './contender.ts';

/** `EwsTransport.deliver`, over fetch or a dispatcher. */
export function ours(url: string, dispatcher?: HttpDispatcher): Contender {
  const transport = new EwsTransport({ url, credentials: basicAuth({ username: mailbox, password }), dispatcher });
  const options = { signal: new AbortController().signal, mayWrite: () => true };
  return {
    name: dispatcher === undefined ? 'EwsTransport' : 'EwsTransport over a Pool',
    send: async (notes) => {
      const outcomes = await transport.deliver(notes, options);
      const failed = outcomes.find(({ status }) => status !== 'delivered');
      if (failed !== undefined || outcomes.length !== notes.length) throw new Error(`not delivered: ${failed?.status}`);
    },
  };
}
