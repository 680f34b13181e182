import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { validateBody } from '../../support/ews-schema.ts';
import { post } from '../support/raw-ews.ts';
import { atHome, logins, mailboxes, recordedRequests } from '../support/recorded-clients.ts';

/** Correct codes other than NoError: the requested item does not exist. */
const expected: Readonly<Record<string, string>> = {
  // No archive mailbox: that one folder of eight is not found, which Thunderbird accepts.
  'thunderbird/01-getfolder.xml': 'NoError,ErrorFolderNotFound',
  'exchangelib/38-expanddl.xml': 'ErrorNameResolutionNoResults',
  'exchangelib/48-getuserconfiguration.xml': 'ErrorItemNotFound',
  'ews-javascript-api/24-expanddl.xml': 'ErrorNameResolutionNoResults',
  'davmail/24-getuserconfiguration.xml': 'ErrorItemNotFound',
  'davmail/27-getuserphoto.xml': 'ErrorItemNotFound',
  'evolution/23-getuserconfiguration.xml': 'ErrorItemNotFound',
  'evolution/75-expanddl.xml': 'ErrorNameResolutionNoResults',
  'evolution/78-getuserphoto.xml': 'ErrorItemNotFound',
  'evolution/79-expanddl.xml': 'ErrorNameResolutionNoResults',
  'evolution/84-updatedelegate.xml': 'NoError,ErrorNotDelegate',
  'evolution/85-removedelegate.xml': 'NoError,ErrorNotDelegate',
  'evolution/94-resolvenames.xml': 'ErrorNameResolutionNoResults',
  'evolution/96-getfolder.xml': 'ErrorAccessDenied',
};
/** Operations that are not simulated: a plain sentence, not a code that a client could take for a wrong version. */
const notSimulated: ReadonlySet<string> = new Set(['FindPeople', 'ExportItems', 'GetPasswordExpirationDate']);

describe.each(Object.keys(logins))('requests of %s', (client) => {
  const requests = recordedRequests().filter((request) => request.client === client);

  it.each(requests.map((request) => [request.file, request.step, request] as const))('%s: %s', async (file, _step, request) => {
    await using exchange = await startExchangeSimulator({ mailboxes });
    const login = logins[client] ?? '';
    for (const read of [true, false]) {
      const flags = { messageFlags: read ? 1 : 0 };
      const from = { address: 'carol@contoso.test', name: 'Carol' };
      exchange.mailbox(login).store('inbox', { subject: `ewsjs-mwzwgdw5 ${read}`, body: 'some text', from, to: [login] }, flags);
    }
    const bodies = [request.body, ...request.alsoAskedOf.map((name) => askedOf(request.body, name))];
    for (const recorded of bodies) {
      const response = await post(exchange.url, await atHome({ ...request, body: recorded }, exchange), { as: login });
      const text = await response.text();
      expect(validateBody(text)).toEqual([]);
      if (notSimulated.has(request.operation)) {
        expect([response.status, text]).toEqual([
          500,
          expect.stringContaining(`The operation ${request.operation} is not simulated`),
        ]);
        continue;
      }
      const codes = [...text.matchAll(/<m:ResponseCode>([^<]*)</g)].map(([, code]) => code);
      expect([response.status, codes.length > 0, [...new Set(codes)].join()]).toEqual([
        200,
        true,
        expected[`${client}/${file}`] ?? 'NoError',
      ]);
    }
  });
});

/** The same request for another distinguished folder. */
function askedOf(body: string, name: string): string {
  return body.replace(/(<t:DistinguishedFolderId Id=")[^"]*"/, `$1${name}"`);
}

it('all 234 requests are covered', () => {
  expect(recordedRequests().length).toBe(234);
});
