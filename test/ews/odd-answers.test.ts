/** Responses of servers with a later schema version, or of other vendors: unknown elements anywhere, and other prefixes. */
import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { always, makeNote } from './support/note.ts';
import { created, found, ok } from './support/responses.ts';

const strange: readonly string[] = [
  '<ty:Later>x</ty:Later>',
  '<me:Later Id="x"/>',
  '<o:Other xmlns:o="urn:other"><o:ResponseCode>ErrorServerBusy</o:ResponseCode></o:Other>',
  '<Bare xmlns=""/>',
  '<!-- NoError -->',
  '\n  \n',
];

/** All places between two tags, with each strange thing inserted. */
function* oddities(xml: string): Generator<string> {
  const from = xml.indexOf('Body>') + 'Body>'.length;
  const until = xml.indexOf('</soap11:Body>');
  for (let at = xml.indexOf('>', from - 1); at >= 0 && at < until; at = xml.indexOf('>', at + 1)) {
    for (const one of strange) yield xml.slice(0, at + 1) + one + xml.slice(at + 1);
  }
}

function transportOver(answer: (request: string) => string): EwsTransport {
  return new EwsTransport({
    url: 'https://exchange.test/EWS/Exchange.asmx',
    credentials: basicAuth({ username: 'alice', password: 'p' }),
    savedCopyFolder: 'sentitems',
    fetch: async (_input, init) => new Response(answer(String(init?.body)), { headers: { 'content-type': 'text/xml' } }),
  });
}

async function delivered(answer: string) {
  const transport = transportOver(() => answer);
  const [outcome] = await transport.deliver([makeNote(transport, 1)], always());
  return outcome;
}

describe('unknown content in a CreateItem response', () => {
  it('is skipped, or leaves the note in doubt: it is neither resent nor given up', async () => {
    const statuses = new Map<string, number>();
    for (const answer of oddities(created(ok))) {
      const outcome = await delivered(answer);
      statuses.set(outcome?.status ?? 'none', (statuses.get(outcome?.status ?? 'none') ?? 0) + 1);
    }
    expect([...statuses.keys()].filter((status) => status !== 'delivered' && status !== 'unconfirmed')).toEqual([]);
    expect(statuses.get('delivered')).toBeGreaterThan(20);
  });

  it.each(strange)('is skipped at the end of a response message: %j', async (one) => {
    const answer = created(ok).replace('</me:CreateItemResponseMessage>', `${one}</me:CreateItemResponseMessage>`);
    expect(await delivered(answer)).toMatchObject({ status: 'delivered' });
  });
});

describe('unknown content in a FindItem response', () => {
  it('never makes an existing copy absent', async () => {
    const statuses = new Map<string, number>();
    const count = [...oddities(found('PropertySetId="g"', [[{ tag: 'note-1/1', isDraft: false }]]))].length;
    for (let which = 0; which < count; which++) {
      const transport = transportOver((request) => {
        const asked = request.match(/<t:(?:DistinguishedFolderId|FolderId) Id="[^"]*"/g)?.length ?? 1;
        const folders = Array.from({ length: asked }, () => [{ tag: 'note-1/1', isDraft: false }]);
        return [...oddities(found(request, folders))][which] ?? '';
      });
      const note = makeNote(transport, 1);
      const attempt = { attempt: 1, tag: note.tag, place: note.place, ended: 'silence' as const };
      const results = await transport.probe([{ ...note, unknownAttempts: [attempt] }], always());
      const status = results[0]?.status ?? 'none';
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].filter((status) => status !== 'found' && status !== 'unknown')).toEqual([]);
    expect(statuses.get('found')).toBeGreaterThan(count / 4);
  });
});
