/**
 * Every recorded response of a real server, given to every request of the transport: it always leads to a true verdict, no text
 * of the server is repeated, and no note waits forever without a reason.
 */
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/core/errors/offline-im-error.ts';
import type { Note } from '../../src/transport/contract.ts';
import { always, useHarness } from '../ews/support/harness.ts';
import { randomFrom } from '../support/random.ts';
import { answerOf, type Recording, recordings } from '../support/recordings.ts';
import { rewrittenXml } from '../support/rewritten-xml.ts';

const h = useHarness();
const all = [...recordings];
const notesOf = ({ operation, request }: Recording): number =>
  operation === 'CreateItem' ? Math.max(1, (request.body.match(/<t:(Message|CalendarItem)>/g) ?? []).length) : 1;

function give(recording: Recording): void {
  const answer = answerOf(recording);
  h.server.handler = () => answer;
}

/** The result of each item in a recorded CreateItem, by its own response code or its fault. */
const verdicts: Readonly<Record<string, readonly string[]>> = {
  'createitem-middle-fails': ['delivered', 'rejected', 'delivered'],
  'createitem-no-recipients': ['rejected'],
  'createitem-recipient-without-address': ['rejected'],
  'createitem-property-bad-guid': ['unconfirmed'],
  'createitem-saved-folder-gone': ['unconfirmed'],
  'sdk-createitem-other-mailbox-denied': ['rejected'],
  // Given to every request: not even Sent Items exists.
  'createitem-saved-folder-not-found': ['deferred'],
  'sdk-createitem-conversationhistory-fault': ['deferred'],
  'impersonation-refused': ['blocked'],
  'no-login': ['blocked'],
  'get-without-login': ['blocked'],
};

describe('deliver()', () => {
  it.each(all)('%s', async (name, recording) => {
    give(recording);
    const count = notesOf(recording);
    const outcomes = await h.deliver(count);
    const usual = recording.operation === 'CreateItem' ? 'delivered' : 'unconfirmed';
    expect(outcomes.map(({ status }) => status)).toEqual(verdicts[name] ?? Array(count).fill(usual));
    for (const outcome of outcomes) {
      expectNoServerText(outcome, recording);
      const isFault = recording.response.body.includes(':Fault>');
      if (outcome.status === 'unconfirmed') expect(outcome.ended ?? 'silence').toBe(isFault ? 'fault' : 'silence');
    }
  });
});

/** Rewritten as by another XML writer, if it is XML. */
function inOtherWords(answer: ReturnType<typeof answerOf>, seed: number): ReturnType<typeof answerOf> {
  try {
    return { ...answer, body: rewrittenXml(String(answer.body), { random: randomFrom(seed), foreign: 0.2 }) };
  } catch {
    return answer;
  }
}

it.each(all)('deliver(), rewritten: %s', async (_, recording) => {
  const statuses: string[][] = [];
  const answer = answerOf(recording);
  for (const given of [answer, inOtherWords(answer, 1), inOtherWords(answer, 2)]) {
    h.server.handler = () => given;
    statuses.push((await h.deliver(notesOf(recording))).map(({ status }) => status));
  }
  expect(statuses.slice(1)).toEqual([statuses[0], statuses[0]]);
});

describe('probe()', () => {
  it.each(all)('%s', async (_, recording) => {
    give(recording);
    const transport = h.transport();
    const note = h.note(transport, 0);
    const asked: Note = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    const [result] = await transport.probe([asked], always());
    // None of them answers a search in seven folders, or has this tag.
    expect(result?.status).toBe('unknown');
    expect(h.server.operations()).not.toContain('DeleteItem');
    expectNoServerText(result, recording);
  });
});

describe('verify()', () => {
  const there = new Set(
    all.flatMap(([name, { operation, response }]) =>
      operation === 'GetFolder' && /<m:GetFolderResponseMessage ResponseClass="Success"/.test(response.body) ? [name] : [],
    ),
  );
  it.each(all)('%s', async (name, recording) => {
    give(recording);
    const verified = h.transport().verify({ address: 'alice@contoso.test' }, always());
    if (there.has(name)) await verified;
    else await expect(verified).rejects.toSatisfy((error) => error instanceof Error && !hasCode(error, 'NOT_ATTEMPTED'));
  });
});

function expectNoServerText(result: unknown, { response }: Recording): void {
  const [, text] = /<(?:faultstring|m:MessageText)[^>]*>([^<]+)/.exec(response.body) ?? [];
  const errors = JSON.stringify(result, (_, value: unknown) =>
    value instanceof Error ? { text: value.message, cause: String(value.cause), ...value } : value,
  );
  if (text !== undefined) expect(errors).not.toContain(text);
}
