/** The number of everyday calls tried with third-party clients. */
import { expect, it } from 'vitest';
import { expected as davmail } from './davmail.ts';
import { calls as ewsJavascriptApi } from './ews-javascript-api.ts';
import { more as ewsJavascriptApiMore } from './ews-javascript-api-more.ts';
import { expected as exchangelib } from './exchangelib.ts';
import { expectedMore as exchangelibMore } from './exchangelib-more.ts';
import { calls as bareFetch } from './fetch.ts';
import { expected as graph } from './graph.ts';

/** By client, each counted once, whatever logins it is tried with. */
const table = {
  'ews-javascript-api (Basic and NTLM)': Object.keys({ ...ewsJavascriptApi, ...ewsJavascriptApiMore }),
  'exchangelib (Basic)': Object.keys({ ...exchangelib, ...exchangelibMore }),
  'DavMail (Basic and NTLM)': Object.keys(davmail),
  'bare fetch': Object.keys(bareFetch),
  '@microsoft/microsoft-graph-client': Object.keys(graph['graph-client']),
  '@microsoft/msgraph-sdk': Object.keys(graph.kiota),
};

it('the table has at least 60 calls by six clients', () => {
  const counted = Object.entries(table).map(([client, calls]) => ({ client, calls: calls.length }));
  console.table(counted);
  expect(counted.every(({ calls }) => calls >= 8)).toBe(true);
  expect(counted.reduce((sum, { calls }) => sum + calls, 0)).toBeGreaterThanOrEqual(60);
});
