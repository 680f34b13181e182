/** What a schema's refusal, and the look that tells what it refuses, mean for one mailbox, for others, and for the note. */
import { beforeEach, describe, expect, it } from 'vitest';
import { NegotiatedVersion } from '../../../src/ews/client/negotiated-version.ts';
import type { DeliveryOutcome, Note } from '../../../src/transport/contract.ts';
import { always, useHarness } from '../support/harness.ts';
import { created, fault, found, foundFolders, type Item, message, ok, response } from '../support/responses.ts';
import type { Answer, SeenRequest } from '../support/server.ts';

const h = useHarness();
const plain = { savedCopyFolder: 'sentitems' } as const;
const old = 'old@contoso.test';
const versionOf = ({ body }: SeenRequest): string => /RequestServerVersion Version="(\w+)"/.exec(body)?.[1] ?? '';
const asked = (): string[] => h.server.requests.map((request) => `${request.operation} ${versionOf(request)}`);
const schema = (): Answer => ({ status: 500, body: fault('ErrorSchemaValidation') });
const all = (body: string): Answer => ({ body: created(...(body.match(/<t:Message>/g) ?? []).map(() => ok)) });
type Transport = ReturnType<typeof h.transport>;
const noteOf = (transport: Transport, n: number, mailbox?: string): Note => {
  const note = h.note(transport, n, { body: { type: 'text', content: `text ${n}` } });
  return mailbox === undefined ? note : { ...note, place: { ...note.place, mailbox } };
};
const deliver = async (transport: Transport, ...notes: Note[]): Promise<readonly DeliveryOutcome[]> =>
  transport.deliver(notes, always());

describe('mailboxes on servers of two versions behind one URL', () => {
  const byServer = (request: SeenRequest): Answer => {
    if (request.body.includes(old) && versionOf(request) !== 'Exchange2010_SP2') return schema();
    if (request.operation === 'FindFolder') return { body: foundFolders('f') };
    return request.operation === 'CreateItem' ? all(request.body) : { body: response('GetFolder', []) };
  };

  it.each(['sentitems', undefined] as const)(
    'each is served under its own; only the old one is asked about (%s)',
    async (folder) => {
      h.server.handler = byServer;
      const transport = h.transport(folder === undefined ? {} : plain);
      for (const mailbox of [undefined, old, undefined]) {
        expect(await deliver(transport, noteOf(transport, 0, mailbox))).toMatchObject([{ status: 'delivered' }]);
      }
      expect(asked().at(-1)).toBe('CreateItem Exchange2013_SP1');
      const before = asked().length;
      expect(await deliver(transport, noteOf(transport, 1, old.toUpperCase()))).toMatchObject([{ status: 'delivered' }]);
      expect(asked().slice(before)).toEqual(['CreateItem Exchange2010_SP2']);
    },
  );

  it('the version is not lowered for those that are served while another is looked at', async () => {
    const [looks, goes] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    h.server.handler = async (request): Promise<Answer> => {
      if (request.operation === 'GetFolder') {
        looks.resolve();
        await goes.promise;
      }
      return byServer(request);
    };
    const transport = h.transport(plain);
    const first = deliver(transport, noteOf(transport, 0, old));
    await looks.promise;
    await deliver(transport, noteOf(transport, 1));
    goes.resolve();
    expect(await first).toMatchObject([{ status: 'delivered' }]);
    await deliver(transport, noteOf(transport, 2));
    expect(asked().at(-1)).toBe('CreateItem Exchange2013_SP1');
  });

  it.each(['sentitems', undefined] as const)(
    'an old one that refuses some by its schema, some by code, goes round in no circle (%s)',
    async (folder) => {
      h.server.handler = (request): Answer => {
        const version = versionOf(request);
        if (request.body.includes(old) && version !== 'Exchange2010_SP2')
          return version === 'Exchange2016' ? schema() : { status: 500, body: fault('ErrorInvalidServerVersion') };
        return byServer(request);
      };
      const transport = h.transport({ serverVersion: 'Exchange2016', ...(folder === undefined ? {} : plain) });
      await deliver(transport, noteOf(transport, 0));
      expect(await deliver(transport, noteOf(transport, 1, old))).toMatchObject([{ status: 'delivered' }]);
      for (const [mailbox, version] of [
        [old, 'Exchange2010_SP2'],
        [undefined, 'Exchange2016'],
      ] as const) {
        const before = asked().length;
        expect(await deliver(transport, noteOf(transport, 2, mailbox))).toMatchObject([{ status: 'delivered' }]);
        expect(asked().slice(before)).toEqual([`CreateItem ${version}`]);
      }
    },
  );

  it.each(['ErrorInvalidServerVersion', 'ErrorInvalidSchemaVersionForMailboxVersion'])(
    '%s for one lowers no version under which others are served',
    async (code) => {
      h.server.handler = (request): Answer =>
        request.body.includes(old) && versionOf(request) !== 'Exchange2010_SP2'
          ? { status: 500, body: fault(code) }
          : byServer(request);
      const transport = h.transport(plain);
      for (const mailbox of [undefined, old, undefined])
        expect(await deliver(transport, noteOf(transport, 0, mailbox))).toMatchObject([{ status: 'delivered' }]);
      expect(asked().at(-1)).toBe('CreateItem Exchange2013_SP1');
    },
  );

  it('every version refused for one mailbox decides nothing for the others', async () => {
    h.server.handler = (request) =>
      request.body.includes('odd@') || versionOf(request) !== 'Exchange2010_SP2' ? schema() : all(request.body);
    const transport = h.transport(plain);
    expect(await deliver(transport, noteOf(transport, 0, 'odd@contoso.test'))).toMatchObject([{ status: 'rejected' }]);
    expect(await deliver(transport, noteOf(transport, 1))).toMatchObject([{ status: 'delivered' }]);
  });

  it('no more than some thousand mailboxes are remembered', () => {
    const version = new NegotiatedVersion('Exchange2013', undefined);
    for (let n = 0; n <= 10_000; n++) version.learn(`m${n}@contoso.test`, 'Exchange2013', false);
    expect(['m0', 'm1', 'M10000'].map((name) => version.takes(`${name}@contoso.test`, 'Exchange2013'))).toEqual([
      undefined,
      false,
      false,
    ]);
  });
});

describe('a mailbox that moves to a server whose schema alone refuses the version', () => {
  let moved = false;
  const older = (request: SeenRequest): Answer => {
    if (moved && versionOf(request) !== 'Exchange2010_SP2') return schema();
    const { operation, body } = request;
    if (operation === 'FindFolder') return { body: foundFolders('f') };
    if (operation === 'FindItem')
      return {
        body: found(
          body,
          (body.match(/FolderId Id=/g) ?? []).map((): Item[] => []),
        ),
      };
    return operation === 'CreateItem' ? all(body) : { body: response('GetFolder', [message('GetFolder', ok)]) };
  };

  beforeEach(() => {
    moved = false;
    h.server.handler = older;
  });

  it.each(['sentitems', undefined] as const)('is served under an older one from then on (%s)', async (folder) => {
    const transport = h.transport(folder === undefined ? {} : plain);
    expect(await deliver(transport, noteOf(transport, 0))).toMatchObject([{ status: 'delivered' }]);
    moved = true;
    const several = [1, 2, 3].map((n) => noteOf(transport, n));
    expect((await deliver(transport, ...several)).map(({ status }) => status)).toEqual(several.map(() => 'delivered'));
    const before = asked().length;
    await deliver(transport, noteOf(transport, 4));
    expect(asked().slice(before)).toEqual(['CreateItem Exchange2010_SP2']);
  });

  it('is searched under an older one for what was sent before', async () => {
    const transport = h.transport();
    const note = noteOf(transport, 0);
    await deliver(transport, note);
    moved = true;
    const unknown = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    const [result] = await transport.probe([unknown], { signal: new AbortController().signal });
    expect(result).toEqual({ status: 'absent' });
  });

  it('waits while a look tells nothing', async () => {
    const transport = h.transport(plain);
    await deliver(transport, noteOf(transport, 0));
    moved = true;
    h.server.handler = (request) => (request.operation === 'GetFolder' ? { status: 503 } : older(request));
    expect(await deliver(transport, noteOf(transport, 1))).toMatchObject([{ status: 'deferred' }]);
    h.server.handler = older;
    expect(await deliver(transport, noteOf(transport, 1))).toMatchObject([{ status: 'delivered' }]);
  });

  it('is no matter of one delivery: of many notes the one that does not fit costs one look', async () => {
    h.server.handler = (request) => (request.body.includes('text 5') ? schema() : older(request));
    const transport = h.transport(plain);
    await deliver(transport, noteOf(transport, 0));
    const outcomes = await deliver(transport, ...[1, 2, 3, 4, 5, 6].map((n) => noteOf(transport, n)));
    expect(outcomes.map(({ status }) => status)).toEqual([1, 2, 3, 4, 5, 6].map((n) => (n === 5 ? 'rejected' : 'delivered')));
    expect(h.server.operations().filter((one) => one === 'GetFolder')).toHaveLength(1);
  });
});

describe('a look that does not tell what the schema refuses', () => {
  const statusOf = (status: number, headers: Record<string, string> = {}, body = ''): Answer => ({ status, headers, body });
  const passing: readonly (readonly [string, Answer])[] = [
    ...[
      'ErrorMailboxStoreUnavailable',
      'ErrorMailboxMoveInProgress',
      'ErrorInternalServerError',
      'ErrorADUnavailable',
      'ErrorQuotaExceeded',
      'ErrorFolderNotFound',
      'ErrorItemNotFound',
    ].map((code) => [code, { status: 500, body: fault(code) }] as const),
    ['a fault that only says whose it is', statusOf(500, {}, fault('Server'))],
    ['a fault without a code', statusOf(500, {}, fault(''))],
    ['a fault of a proxy', statusOf(503, { 'retry-after': '5' }, fault('Server'))],
    ['a rejecting fault of a proxy', statusOf(502, {}, fault('ErrorAccessDenied'))],
    ...[400, 404, 413, 500, 503].map((status) => [`HTTP ${status}`, statusOf(status)] as const),
    ['a redirect to a login page', statusOf(302, { location: '/owa/auth/logon.aspx' })],
    ['a page', statusOf(200, { 'content-type': 'text/html' }, '<html>Sorry</html>')],
  ];

  it.each(passing)('%s: a single note waits, and the next one finds the version', async (_, answer) => {
    let looks = 0;
    h.server.handler = (request): Answer => {
      if (versionOf(request) === 'Exchange2010_SP2') return all(request.body);
      return request.operation === 'GetFolder' && looks++ === 0 ? answer : schema();
    };
    const transport = h.transport(plain);
    const [first] = await deliver(transport, noteOf(transport, 0));
    expect(first).toMatchObject({ status: 'deferred' });
    expect(asked()).toEqual(['CreateItem Exchange2013_SP1', 'GetFolder Exchange2013_SP1']);
    expect(await deliver(transport, noteOf(transport, 1))).toMatchObject([{ status: 'delivered' }]);
  });

  it.each(passing)('%s, always: of several notes the one that does not fit waits, the others go', async (_, answer) => {
    h.server.handler = (request) => {
      if (request.operation !== 'CreateItem') return answer;
      return request.body.includes('text 0') ? schema() : all(request.body);
    };
    const transport = h.transport(plain);
    const outcomes = await deliver(transport, ...[1, 0, 2].map((n) => noteOf(transport, n)));
    expect(outcomes[0]?.status).toBe('delivered');
    // That one was served tells that the version is taken, so that the next refusal is the note's own.
    expect(outcomes.slice(1)).toMatchObject([{ status: 'rejected' }, { status: 'delivered' }]);
    const next = h.transport(plain);
    const again = await deliver(next, ...[0, 1, 2].map((n) => noteOf(next, n)));
    expect(again[0]?.status).toBe('deferred');
    if (again[0]?.status === 'deferred' && again[0].scope === 'note')
      expect(again.slice(1)).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
  });

  it('because someone must act blocks the notes, of which none was sent', async () => {
    h.server.handler = ({ operation }) =>
      operation === 'CreateItem' ? schema() : { status: 500, body: fault('ErrorAccountDisabled') };
    const outcomes = await h.deliver(2, plain);
    expect(outcomes).toMatchObject([
      { status: 'blocked', sent: 'no' },
      { status: 'deferred', retryAfter: 0 },
    ]);
  });

  it('is made once in a delivery', async () => {
    h.server.handler = ({ operation }) => (operation === 'CreateItem' ? schema() : { status: 400 });
    const transport = h.transport(plain);
    for (const looks of [1, 2]) {
      const outcomes = await deliver(transport, ...[0, 1, 2, 3].map((n) => noteOf(transport, n)));
      expect(outcomes.map(({ status }) => status)).toEqual([0, 1, 2, 3].map(() => 'deferred'));
      expect(h.server.operations().filter((one) => one === 'GetFolder')).toHaveLength(looks);
    }
  });

  it.each(['ErrorAccessDenied', 'ErrorOdd'])('is none whose code says that the request was looked at: %s', async (code) => {
    h.server.handler = ({ operation }) => (operation === 'CreateItem' ? schema() : { status: 500, body: fault(code) });
    const transport = h.transport(plain);
    for (const n of [0, 1]) expect(await deliver(transport, noteOf(transport, n))).toMatchObject([{ status: 'rejected' }]);
  });

  it('does not take back what a note that was served meanwhile has told', async () => {
    h.server.handler = async (request): Promise<Answer> => {
      if (request.operation === 'GetFolder') {
        await deliver(transport, noteOf(transport, 1));
        return schema();
      }
      return request.body.includes('text 0') ? schema() : all(request.body);
    };
    const transport = h.transport(plain);
    expect(await deliver(transport, noteOf(transport, 0))).toMatchObject([{ status: 'rejected' }]);
    expect(asked()).toEqual(['CreateItem', 'GetFolder', 'CreateItem'].map((one) => `${one} Exchange2013_SP1`));
  });

  it('is a body with any code for the folder, which tells that the schema takes the version', async () => {
    const body = response('GetFolder', [message('GetFolder', 'ErrorItemNotFound')]);
    h.server.handler = ({ operation }) => (operation === 'CreateItem' ? schema() : { body });
    expect(await h.deliver(1, plain)).toMatchObject([{ status: 'rejected' }]);
  });
});
