/** @microsoft/microsoft-graph-client, with its own middleware and the same message. */
import { Client } from '@microsoft/microsoft-graph-client';
import type { Contender } from '../ews/contender.ts';
import { messageOf, pathOf, token } from './bare.ts';

export function graphClient(root: string): Contender {
  const client = Client.init({
    baseUrl: `${root}/`,
    defaultVersion: 'v1.0',
    customHosts: new Set([new URL(root).hostname]),
    authProvider: (done) => done(null, token),
  });
  return {
    name: 'microsoft-graph-client',
    send: async (notes) => {
      for (const note of notes) await client.api(pathOf(note)).post(messageOf(note));
    },
  };
}
