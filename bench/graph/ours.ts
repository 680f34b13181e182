import { GraphTransport } from '../../src/graph/graph-transport.ts';
import type { Contender } from '../ews/contender.ts';
import { token } from './bare.ts';

const always = { signal: new AbortController().signal, mayWrite: () => true };

/** `GraphTransport.deliver`. */
export function ours(root: string): Contender {
  const transport = new GraphTransport({ root, credential: async () => ({ token }), messagesPerMinute: 1_000_000 });
  return {
    name: 'GraphTransport',
    send: async (notes) => {
      const outcomes = await transport.deliver(notes, always);
      const failed = outcomes.find(({ status }) => status !== 'delivered');
      if (failed !== undefined || outcomes.length !== notes.length) throw new Error(`not delivered: ${failed?.status}`);
    },
  };
}
