import { describe, expect, it } from 'vitest';
import { versionOfServer } from '../../../src/ews/client/soap.ts';
import { parseXml } from '../../../src/ews/xml/read.ts';
import { always, useHarness } from '../support/harness.ts';
import { created, fault, found, foundFolders, message, ok, response } from '../support/responses.ts';
import type { Answer, SeenRequest } from '../support/server.ts';

const h = useHarness();
const versionOf = ({ body }: SeenRequest): string => /RequestServerVersion Version="(\w+)"/.exec(body)?.[1] ?? '';
const versions = (): string[] => h.server.requests.map(versionOf);
const classOf = ({ body }: SeenRequest): string[] => [...body.matchAll(/<t:ItemClass>([^<]*)/g)].map(([, name]) => name ?? '');
const items = (body: string): number => (body.match(/<t:Message>/g) ?? []).length;

/** A server that speaks some versions only. */
function speaks(known: readonly string[], refuse: (code: string) => Answer, code = 'ErrorInvalidServerVersion'): void {
  h.server.handler = (request): Answer => {
    if (!known.includes(versionOf(request))) return refuse(code);
    if (request.operation === 'FindFolder') return { body: foundFolders('f') };
    if (request.operation === 'FindItem')
      return {
        body: found(
          request.body,
          (request.body.match(/FolderId Id=/g) ?? []).map(() => []),
        ),
      };
    return { body: created(...Array<string>(items(request.body)).fill(ok)) };
  };
}

const codes = ['ErrorInvalidServerVersion', 'ErrorIncorrectSchemaVersion', 'ErrorInvalidSchemaVersionForMailboxVersion'];
const forms: [string, (code: string) => Answer][] = [
  ['a fault with HTTP 500', (code) => ({ status: 500, body: fault(code) })],
  ['a fault with HTTP 200', (code) => ({ status: 200, body: fault(code) })],
  ['an answer for each item', (code) => ({ body: created(code, code) })],
];

describe.each(codes)('%s', (code) => {
  it.each(forms)('as %s: an older version in the same delivery, and remembered', async (_, refuse) => {
    speaks(['Exchange2013'], refuse, code);
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    const deliver = () => transport.deliver([h.note(transport, 0), h.note(transport, 1)], always());
    expect((await deliver()).map((o) => o.status)).toEqual(['delivered', 'delivered']);
    expect(versions()).toEqual(['Exchange2013_SP1', 'Exchange2013']);
    await deliver();
    expect(versions().slice(2)).toEqual(['Exchange2013']);
  });
});

describe('the schema version', () => {
  const refuse = (code: string): Answer => ({ status: 500, body: fault(code) });

  it('is lowered first, then raised', async () => {
    speaks(['Exchange2016'], refuse);
    await h.deliver(1, { savedCopyFolder: 'sentitems' });
    expect(versions()).toEqual(['Exchange2013_SP1', 'Exchange2013', 'Exchange2010_SP2', 'Exchange2015', 'Exchange2016']);
  });

  it('jumps to what the server says it speaks, if that is older', async () => {
    const info = 'MajorVersion="14" MinorVersion="3" MajorBuildNumber="123" Version="Exchange2010_SP2"';
    speaks(['Exchange2010_SP2'], (code) => ({ status: 500, body: fault(code).replace('MajorVersion="15"', info) }));
    await h.deliver(1, { savedCopyFolder: 'sentitems', serverVersion: 'Exchange2016' });
    expect(versions()).toEqual(['Exchange2016', 'Exchange2010_SP2']);
  });

  it('refused in every form: rejected after one round, and negotiated again the next time', async () => {
    speaks([], refuse);
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    expect(await transport.deliver([h.note(transport, 0)], always())).toMatchObject([{ status: 'rejected' }]);
    expect(h.server.requests).toHaveLength(5);
    await transport.deliver([h.note(transport, 0)], always());
    expect(versions()[5]).toBe('Exchange2013_SP1');
  });

  it('too old for the distinguished folder: it is found by name, in the same delivery', async () => {
    speaks(['Exchange2010_SP2'], refuse);
    const [outcome] = await h.deliver(1);
    expect(outcome?.status).toBe('delivered');
    for (const request of h.server.requests.filter((r) => versionOf(r) < 'Exchange2013_SP1')) {
      expect(request.body).not.toContain('conversationhistory');
    }
    expect(h.server.operations()).toEqual(['CreateItem', 'FindFolder', 'FindFolder', 'CreateItem']);
  });

  it('is negotiated by a probe too, which then searches by name', async () => {
    speaks(['Exchange2010_SP2'], refuse);
    const transport = h.transport();
    const note = h.note(transport, 0);
    const unknownAttempts = [{ tag: note.tag, place: note.place }];
    expect(await transport.probe([{ ...note, unknownAttempts }], always())).toEqual([{ status: 'absent' }]);
    const searched = h.server.requests.findLast(({ operation }) => operation === 'FindItem')?.body ?? '';
    expect(searched).toContain('<t:FolderId Id="f"/>');
    expect(searched).not.toContain('conversationhistory');
  });

  it('mayWrite is asked before each request of the negotiation', async () => {
    speaks(['Exchange2010_SP2'], refuse);
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    let asked = 0;
    const mayWrite = (): boolean => asked++ < 2;
    const outcomes = await transport.deliver([h.note(transport, 0)], { ...always(), mayWrite });
    expect(outcomes).toMatchObject([{ status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } }]);
    expect(versions()).toEqual(['Exchange2013_SP1', 'Exchange2013']);
  });

  it('is traced when it changes', async () => {
    speaks(['Exchange2013'], refuse);
    const lines: unknown[] = [];
    const logger = { debug: (line: unknown) => lines.push(line), info: () => {}, warn: () => {}, error: () => {} };
    await h.deliver(1, { savedCopyFolder: 'sentitems', logger });
    expect(lines).toContainEqual({ step: 'ews:version', refused: 'Exchange2013_SP1', next: 'Exchange2013' });
  });

  it.each([
    ['Version="Exchange2013_SP1"', 'Exchange2013_SP1'],
    ['Version="V2017_07_11"', 'Exchange2016'],
    ['MajorVersion="14" MinorVersion="3"', 'Exchange2010_SP2'],
    ['MajorVersion="15" MinorVersion="0" MajorBuildNumber="775"', 'Exchange2013'],
    ['MajorVersion="15" MinorVersion="0" MajorBuildNumber="847"', 'Exchange2013_SP1'],
    ['MajorVersion="15" MinorVersion="20"', 'Exchange2016'],
    ['MajorVersion="8"', undefined],
    ['', undefined],
  ])('of ServerVersionInfo %s: %s', (attributes, expected) => {
    expect(versionOfServer(parseXml(`<x ${attributes}/>`))).toBe(expected);
  });
});

describe('a version that only the schema refuses', () => {
  const schema = (): Answer => ({ status: 500, body: fault('ErrorSchemaValidation') });
  const plain = { savedCopyFolder: 'sentitems' } as const;
  const asked = (): string[] => h.server.requests.map((request) => `${request.operation} ${versionOf(request)}`);

  it('is told from a note that does not fit by a request that fits every schema, and lowered, once', async () => {
    speaks(['Exchange2013'], schema);
    const transport = h.transport({ ...plain, serverVersion: 'Exchange2016' });
    const deliver = () => transport.deliver([h.note(transport, 0), h.note(transport, 1)], always());
    expect((await deliver()).map((o) => o.status)).toEqual(['delivered', 'delivered']);
    expect(asked()).toEqual([
      ...['Exchange2016', 'Exchange2013_SP1'].flatMap((one) => [`CreateItem ${one}`, `GetFolder ${one}`]),
      'CreateItem Exchange2013',
    ]);
    expect((await deliver()).map((o) => o.status)).toEqual(['delivered', 'delivered']);
    expect(asked().slice(5)).toEqual(['CreateItem Exchange2013']);
  });

  it('goes at once to what the server says it speaks', async () => {
    const info = 'MajorVersion="14" MinorVersion="3" MajorBuildNumber="123" Version="Exchange2010_SP2"';
    speaks(['Exchange2010_SP2'], () => ({
      status: 500,
      body: fault('ErrorSchemaValidation').replace('MajorVersion="15"', info),
    }));
    expect(await h.deliver(1, plain)).toMatchObject([{ status: 'delivered' }]);
    expect(versions()).toEqual(['Exchange2013_SP1', 'Exchange2013_SP1', 'Exchange2010_SP2']);
  });

  it('is lowered without Conversation History by name, too', async () => {
    speaks(['Exchange2010_SP2'], schema);
    expect(await h.deliver(2)).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
  });

  it('is found out by each of two deliveries at a time', async () => {
    speaks(['Exchange2010_SP2'], schema);
    const transport = h.transport(plain);
    const both = [0, 1].map((n) => transport.deliver([h.note(transport, n)], always()));
    expect((await Promise.all(both)).flat()).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
  });

  it('is not doubted for a note that does not fit: rejected, asked about once, the others sent', async () => {
    h.server.handler = ({ operation, body }): Answer => {
      if (operation !== 'CreateItem') return { body: response('GetFolder', [message('GetFolder', 'ErrorFolderNotFound')]) };
      return body.includes('text 1') ? schema() : { body: created(...Array<string>(items(body)).fill(ok)) };
    };
    const transport = h.transport(plain);
    const notes = [0, 1, 2, 3].map((n) => h.note(transport, n, { body: { type: 'text', content: `text ${n}` } }));
    const outcomes = await transport.deliver(notes, always());
    expect(outcomes.map((o) => o.status)).toEqual(['delivered', 'rejected', 'delivered', 'delivered']);
    expect(new Set(versions())).toEqual(new Set(['Exchange2013_SP1']));
    expect(h.server.operations().filter((one) => one === 'GetFolder')).toHaveLength(1);
  });

  it('refused in every form: rejected after one round, also for the halves of a batch', async () => {
    speaks([], schema);
    const outcomes = await h.deliver(4, plain);
    expect(outcomes.map((o) => o.status)).toEqual(Array(4).fill('rejected'));
    expect(h.server.operations().filter((one) => one === 'GetFolder')).toHaveLength(5);
    expect(h.server.requests.length).toBeLessThan(20);
  });

  it.each<[string, Answer | 'lost', object]>([
    [
      'a busy server',
      { status: 500, body: fault('ErrorServerBusy', { BackOffMilliseconds: '7000' }) },
      { status: 'deferred', retryAfter: 7000 },
    ],
    ['too many requests', { status: 429, headers: { 'retry-after': '9' } }, { status: 'deferred', retryAfter: 9000 }],
    ['a refused login', { status: 401 }, { status: 'blocked', scope: 'mailbox', sent: 'no' }],
    ['a refused impersonation', { status: 500, body: fault('ErrorImpersonateUserDenied') }, { status: 'blocked', sent: 'no' }],
    ['a broken connection', 'lost', { status: 'deferred', scope: 'endpoint' }],
    ['another version code', { status: 500, body: fault('ErrorInvalidServerVersion') }, { status: 'delivered' }],
    ['a fault of unknown meaning', { status: 500, body: fault('ErrorOdd') }, { status: 'rejected' }],
  ])('where %s keeps it from being told, the note waits, or is judged as before', async (_, answer, expected) => {
    h.server.handler = (request, answered): Answer | undefined => {
      if (request.operation === 'CreateItem') return versionOf(request) < 'Exchange2013_SP1' ? { body: created(ok) } : schema();
      if (answer !== 'lost') return answer;
      answered.destroy();
      return undefined;
    };
    expect(await h.deliver(1, plain)).toMatchObject([expected]);
  });

  it('mayWrite is asked before it is asked about', async () => {
    speaks(['Exchange2010_SP2'], schema);
    const transport = h.transport(plain);
    let asked = 0;
    const outcomes = await transport.deliver([h.note(transport, 0)], { ...always(), mayWrite: () => asked++ < 1 });
    expect(outcomes).toMatchObject([{ status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } }]);
    expect(h.server.requests).toHaveLength(1);
  });
});

describe('a refusal of the version that leaves a note out', () => {
  const refused = 'ErrorInvalidServerVersion';
  it.each<[string, string]>([
    ['has an answer for one of two only', created(refused)],
    ['has more answers than notes', created(refused, refused, refused)],
    [
      'is a success for one',
      response('CreateItem', [message('CreateItem', refused), message('CreateItem', refused, { responseClass: 'Success' })]),
    ],
    [
      'is a warning for one',
      response('CreateItem', [message('CreateItem', refused), message('CreateItem', refused, { responseClass: 'Warning' })]),
    ],
    ['is of another operation', response('GetFolder', [message('GetFolder', refused), message('GetFolder', refused)])],
  ])('%s: what may have been processed is not sent again', async (_, body) => {
    const texts = (sent: string): string[] => [...sent.matchAll(/<t:Subject>([^<]*)/g)].map(([, text = '']) => text);
    h.server.handler = (request) => ({ body: items(request.body) === 2 ? body : created(ok) });
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    const notes = [0, 1].map((n) => h.note(transport, n, { subject: `subject ${n}` }));
    const outcomes = await transport.deliver(notes, always());
    const again = h.server.requests.filter(({ operation }) => operation === 'CreateItem').slice(1);
    const unknown = notes.filter((_, at) => outcomes[at]?.status === 'unconfirmed').map(({ subject }) => subject);
    expect(unknown).not.toEqual([]);
    expect(again.flatMap((request) => texts(request.body)).filter((text) => unknown.includes(text))).toEqual([]);
  });

  it('goes out again by itself, under an older version, and only that', async () => {
    h.server.handler = (request) => {
      const sent = [...request.body.matchAll(/subject (\d)/g)].map(([, n]) => n);
      if (sent.length === 3) return { body: created(ok, refused, ok) };
      return { body: created(...sent.map(() => (versionOf(request) === 'Exchange2013' ? ok : refused))) };
    };
    const transport = h.transport({ savedCopyFolder: 'sentitems' });
    const notes = [0, 1, 2].map((n) => h.note(transport, n, { subject: `subject ${n}` }));
    expect((await transport.deliver(notes, always())).map((o) => o.status)).toEqual(Array(3).fill('delivered'));
    expect(h.server.requests.map(({ body }) => [...body.matchAll(/subject (\d)/g)].map(([, n]) => n).join(''))).toEqual([
      '012',
      '1',
      '1',
    ]);
    expect(versions()).toEqual(['Exchange2013_SP1', 'Exchange2013_SP1', 'Exchange2013']);
  });
});

describe('ErrorObjectTypeChanged', () => {
  const refuses = (form: (body: string) => Answer): void => {
    h.server.handler = (request): Answer => {
      if (request.operation !== 'CreateItem') return { body: found(request.body, [[], []]) };
      return form(request.body);
    };
  };
  const answers = (body: string): string[] =>
    [...body.matchAll(/<t:ItemClass>([^<]*)/g)].map(([, name]) => (name?.startsWith('IPM.Note') ? ok : 'ErrorObjectTypeChanged'));

  it('only the refused notes of a batch are resent, with the fallback class', async () => {
    refuses((body) => ({ body: created(...answers(body)) }));
    const transport = h.transport();
    const notes = ['IM.Note.MissedConversation', 'IPM.Note', 'IM.Note.MissedConversation'].map((messageClass, n) =>
      h.note(transport, n, { messageClass }),
    );
    expect(await transport.deliver(notes, always())).toEqual([
      { status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' },
      { status: 'delivered', messageClass: 'IPM.Note' },
      { status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' },
    ]);
    expect(h.server.requests.map(classOf)).toEqual([
      ['IM.Note.MissedConversation', 'IPM.Note', 'IM.Note.MissedConversation'],
      ['IPM.Note.Microsoft.Missed', 'IPM.Note.Microsoft.Missed'],
    ]);
    expect(h.server.requests[1]?.body.match(/secret text \d/g)).toEqual(['secret text 0', 'secret text 2']);
  });

  it('is remembered: later notes use the fallback class at once, in this delivery and the next', async () => {
    refuses((body) => ({ body: created(...answers(body)) }));
    const transport = h.transport({ notesPerRequest: 1 });
    await transport.deliver([h.note(transport, 0), h.note(transport, 1)], always());
    await transport.deliver([h.note(transport, 2)], always());
    expect(h.server.requests.map((r) => classOf(r)[0])).toEqual([
      'IM.Note.MissedConversation',
      ...Array(3).fill('IPM.Note.Microsoft.Missed'),
    ]);
  });

  it('as a fault for a single note', async () => {
    refuses((body) => (answers(body)[0] === ok ? { body: created(ok) } : { status: 500, body: fault('ErrorObjectTypeChanged') }));
    expect(await h.deliver(1)).toEqual([{ status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' }]);
  });

  it('as a fault for several notes is inconclusive', async () => {
    refuses(() => ({ status: 500, body: fault('ErrorObjectTypeChanged') }));
    expect((await h.deliver(2)).map((o) => o.status)).toEqual(['unconfirmed', 'unconfirmed']);
    expect(h.server.operations()).toEqual(['CreateItem']);
  });

  it('for the fallback class too, or without one: rejected', async () => {
    refuses(() => ({ body: created('ErrorObjectTypeChanged') }));
    expect(await h.deliver(1)).toMatchObject([{ status: 'rejected', splittable: false, draft: 'none' }]);
    expect(await h.deliver(1, { fallbackMessageClass: false })).toMatchObject([{ status: 'rejected' }]);
    expect(h.server.operations()).toEqual(['CreateItem', 'CreateItem', 'FindItem', 'CreateItem', 'FindItem']);
  });

  it('beside an unknown outcome in the same response is not resent yet', async () => {
    refuses(() => ({ body: created('ErrorObjectTypeChanged', 'ErrorTimeoutExpired') }));
    expect(await h.deliver(2)).toMatchObject([
      { status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } },
      { status: 'unconfirmed' },
    ]);
    expect(h.server.operations()).toEqual(['CreateItem']);
  });

  it('mayWrite is asked before resending', async () => {
    refuses(() => ({ body: created('ErrorObjectTypeChanged') }));
    const transport = h.transport();
    let asked = 0;
    const outcomes = await transport.deliver([h.note(transport, 0)], { ...always(), mayWrite: () => asked++ === 0 });
    expect(outcomes).toMatchObject([{ status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } }]);
    expect(h.server.requests).toHaveLength(1);
  });

  it('the draft of a rejected neighbour is searched for once', async () => {
    refuses((body) => ({ body: created(...answers(body).map((code, at) => (at === 1 ? 'ErrorInvalidRecipients' : code))) }));
    expect((await h.deliver(2)).map((o) => o.status)).toEqual(['delivered', 'rejected']);
  });
});

it('a response of another operation negotiates nothing', async () => {
  h.server.handler = () => ({ body: response('GetFolder', [message('GetFolder', 'ErrorInvalidServerVersion')]) });
  expect((await h.deliver(1)).map((o) => o.status)).not.toContain('delivered');
});
