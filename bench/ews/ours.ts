import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { type Contender, mailbox, password } from './contender.ts';

/** `EwsTransport.deliver`. */
export function ours(url: string): Contender {
  const transport = new EwsTransport({ url, credentials: basicAuth({ username: mailbox, password }) });
  const options = { signal: new AbortController().signal, mayWrite: () => true };
  return {
    name: 'EwsTransport',
    send: async (notes) => {
      const outcomes = await transport.deliver(notes, options);
      const failed = outcomes.find(({ status }) => status !== 'delivered');
      if (failed !== undefined || outcomes.length !== notes.length) throw new Error(`not delivered: ${failed?.status}`);
    },
  };
}
