/** A server that repeats what it was sent, wherever a response has room for it: none of that is kept in an error, a trace or a log. */
import { describe, expect, it } from 'vitest';
import { canned, graphError, standing } from '../support/canned.ts';

const token = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9';
const text = 'GeheimesWort';

/** Everything kept of a delivery and a probe. */
async function keptOf(answer: ReturnType<typeof graphError>): Promise<string> {
  const lines: unknown[] = [];
  const log = (fields: unknown): void => void lines.push(fields);
  const { deliver, probe, note } = canned(() => answer, {
    credential: async () => ({ token }),
    logger: { debug: log, info: log, warn: log, error: log },
  });
  const one = note(1, { body: { type: 'text', content: text } });
  const outcomes = [...(await deliver([one])), ...(await probe([one]))];
  const errors = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
  const seen = errors.map(({ message, stack, details, cause, code }) => ({ message, stack, details, cause, code }));
  return JSON.stringify([outcomes, seen, lines]);
}

const places: readonly (readonly [string, (word: string) => ReturnType<typeof graphError>])[] = [
  ['the code', (word) => graphError(400, word)],
  ['the code of an inner error', (word) => graphError(400, 'New', { inner: { code: word } })],
  ['a detail', (word) => ({ status: 500, json: { error: { code: 'New', details: [{ code: word, target: word }] } } })],
  ['the message', (word) => graphError(400, 'New', { message: word })],
  ['the request id', (word) => graphError(503, 'New', { headers: { 'request-id': word } })],
  ['the diagnostics', (word) => graphError(503, 'New', { headers: { 'x-ms-ags-diagnostic': word } })],
  [
    'the diagnostics, in their form',
    (word) =>
      graphError(503, 'New', {
        headers: { 'x-ms-ags-diagnostic': JSON.stringify({ ServerInfo: { DataCenter: word, Other: word }, Token: word }) },
      }),
  ],
  [
    'the scope of throttling',
    (word) => graphError(429, 'New', { headers: { 'x-ms-throttle-scope': word, 'retry-after': word } }),
  ],
  [
    'a challenge',
    (word) => ({ status: 401, headers: { 'www-authenticate': `Bearer claims="${word}"` }, json: { error: { code: word } } }),
  ],
  ['a redirect', (word) => ({ status: 302, headers: { location: `https://${word}.test/?${word}` } })],
  ['a page', (word) => ({ status: 200, text: `<html>${word}` })],
  ['an item', (word) => ({ json: { value: [{ id: word, subject: word, internetMessageId: word, isDraft: word }] } })],
  ['a next page', (word) => ({ json: { value: [], '@odata.nextLink': `https://${word}.test/v1.0` } })],
  ['one item', (word) => standing(word, 8)],
  ['invalid JSON', (word) => ({ status: 400, text: `{"error":{"code":"${word}"` })],
];

describe.each(places)('%s', (_, answer) => {
  it.each([
    ['the token', token],
    ['a part of the token', token.slice(3, 20)],
    ['the token in other case', token.toUpperCase()],
    ['the text of a note', text],
  ])('does not contain %s', async (__, word) => {
    const kept = await keptOf(answer(word));
    expect(kept.toLowerCase()).not.toContain(word.toLowerCase());
  });
});

it('ids of requests and the server location, which Graph support asks for, are kept', async () => {
  const serverId = '7d1b3b9a-7a5c-4f2e-9a75-0c1b2d3e4f50';
  const kept = await keptOf(
    graphError(400, 'ErrorOfTheFuture', {
      headers: {
        'request-id': serverId,
        'x-ms-ags-diagnostic':
          '{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"AM1PEPF"}}',
      },
    }),
  );
  for (const word of [serverId, 'West Europe', 'AM1PEPF', 'ErrorOfTheFuture']) expect(kept).toContain(word);
});

it('a known code counts even if the note mentions it', async () => {
  const { deliverOne, note } = canned(({ what }) =>
    what === 'sendMail' ? graphError(400, 'ErrorInvalidRecipients') : { json: { value: [] } },
  );
  const one = note(1, { body: { type: 'text', content: 'They say ErrorInvalidRecipients' } });
  expect(await deliverOne(one)).toMatchObject({
    status: 'rejected',
    error: { details: { responseCode: 'ErrorInvalidRecipients' } },
  });
});
