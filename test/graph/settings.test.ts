import { expect, it } from 'vitest';
import { GraphTransport } from '../../src/graph/graph-transport.ts';

const endpointOf = (root: string): string =>
  new GraphTransport({ root, credential: async () => ({ token: 't' }) }).placeOf({ address: 'alice@contoso.test' }).endpoint;

it.each([
  ['https://graph.microsoft.com'],
  ['https://graph.microsoft.us/'],
  ['https://dod-graph.microsoft.us'],
  ['https://microsoftgraph.chinacloudapi.cn'],
  ['https://proxy.contoso.test/graph'],
  ['http://127.0.0.1:8080'],
])('the root of a cloud or a proxy is accepted: %s', (root) => {
  expect(endpointOf(root)).toBe(root.replace(/\/$/, ''));
});

it.each([
  ['https://graph.microsoft.com/v1.0', 'OPTION_INVALID'],
  ['https://graph.microsoft.com/beta/', 'OPTION_INVALID'],
  ['https://graph.microsoft.com/v1.0/users', 'OPTION_INVALID'],
  ['https://graph.microsoft.com/V2.0', 'OPTION_INVALID'],
  ['https://alice:secret@graph.microsoft.com', 'OPTION_INVALID'],
  ['https://graph.microsoft.com?x=1', 'OPTION_INVALID'],
  ['graph.microsoft.com', 'OPTION_INVALID'],
  ['http://graph.microsoft.com', 'INSECURE_URL'],
])('a root with a version, a login or no encryption is refused: %s', (root, code) => {
  expect(() => endpointOf(root)).toThrow(expect.objectContaining({ code }));
});
