import { describe, expect, it } from 'vitest';
import { always, useHarness } from '../support/harness.ts';
import { created, fault, found, type Item, message, ok, response } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const now = '2016-06-14T12:00:00Z';

function server(codes: readonly string[], search: (request: string) => Answer, deletion = ok): void {
  h.server.handler = ({ operation, body }) => {
    switch (operation) {
      case 'CreateItem':
        return { body: created(...codes) };
      case 'FindItem':
        return search(body);
      default:
        return {
          body: response(
            'DeleteItem',
            (body.match(/<t:ItemId/g) ?? []).map(() => message('DeleteItem', deletion, { content: '' })),
          ),
        };
    }
  };
}

const folders =
  (drafts: readonly Item[] | string, saved: readonly Item[] | string = []) =>
  (body: string): Answer => ({
    body: found(body, [drafts, saved]),
  });
const draft = { tag: 'note-0/1', flags: 9, isDraft: true, created: now };

describe('after a rejection the draft is searched for', () => {
  it('and removed, however young', async () => {
    server(['ErrorSendAsDenied'], folders([draft]));
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', scope: 'mailbox', draft: 'removed' });
    expect(h.server.operations()).toEqual(['CreateItem', 'FindItem', 'DeleteItem']);
  });

  it('in the folder of the copy too, but a sent item is left alone', async () => {
    server(['ErrorInvalidRecipients', 'ErrorInvalidRecipients'], folders([], [draft, { tag: 'note-1/1', flags: 1 }]));
    expect((await h.deliver(2)).map((o) => 'draft' in o && o.draft)).toEqual(['removed', 'none']);
  });

  it('for all rejected notes of a request together', async () => {
    server(['ErrorInvalidRecipients', ok, 'ErrorAccessDenied'], folders([]));
    expect((await h.deliver(3)).map((o) => 'draft' in o && o.draft)).toEqual(['none', false, 'none']);
    expect(h.server.operations()).toEqual(['CreateItem', 'FindItem']);
  });

  it('and only for those: what looks like the draft of an accepted note is in transit', async () => {
    server(['ErrorInvalidRecipients', ok], folders([{ ...draft, tag: 'note-1/1' }]));
    expect((await h.deliver(2)).map(({ status }) => status)).toEqual(['rejected', 'delivered']);
    expect(h.server.operations()).toEqual(['CreateItem', 'FindItem']);
  });

  it.each([
    ['in Drafts is one', [{ tag: draft.tag }], [], 'removed'],
    ['in the folder of the copy may be that copy', [], [{ tag: draft.tag }], 'left'],
  ] as const)('and an item that does not tell whether it was sent %s', async (_, drafts, saved, expected) => {
    server(['ErrorInvalidRecipients'], folders(drafts, saved));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: expected });
    expect(h.server.operations().includes('DeleteItem')).toBe(expected === 'removed');
  });

  it('and reported if it cannot be removed', async () => {
    server(['ErrorInvalidRecipients'], folders([draft]), 'ErrorAccessDenied');
    expect((await h.deliver(1))[0]).toMatchObject({ draft: 'left' });
  });

  it('and reported, not removed, if it is not certainly a draft', async () => {
    server(['ErrorInvalidRecipients'], folders([{ ...draft, isDraft: false }]));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: 'left' });
    expect(h.server.operations()).toEqual(['CreateItem', 'FindItem']);
  });

  const inDoubt = { status: 'unconfirmed', scope: 'note', ended: 'fault', error: { code: 'EWS_ERROR' } };

  it.each([
    ['it was handed over', [{ ...draft, flags: 13 }], []],
    ['it is in both folders', [{ ...draft, id: 'moving' }], [{ ...draft, id: 'moving', flags: 1, isDraft: false }]],
  ])('and if it may still be sent, it is probed, neither resent nor deleted: %s', async (_, first, saved) => {
    server(['ErrorMessageSizeExceeded'], folders(first, saved));
    expect((await h.deliver(1))[0]).toMatchObject(inDoubt);
    expect(h.server.operations()).toEqual(['CreateItem', 'FindItem']);
  });

  it.each([
    ['was sent', [], [{ ...draft, flags: 1, isDraft: false }], inDoubt],
    ['was handed over', [{ ...draft, flags: 13 }], [], inDoubt],
    ['can not be looked for again', 'ErrorAccessDenied', [], { draft: 'left' }],
    ['has gone', [], [], { draft: 'removed' }],
  ] as const)('and may have changed by the time of deletion: it %s', async (_, second, saved, expected) => {
    let looks = 0;
    server(
      ['ErrorInvalidRecipients'],
      (body) => (looks++ === 0 ? folders([draft]) : folders(second, saved))(body),
      'ErrorItemNotFound',
    );
    expect((await h.deliver(1))[0]).toMatchObject(expected);
    expect(looks).toBe(2);
  });

  it.each([
    ['removed', []],
    ['left', [draft]],
  ] as const)('and searched again if the DeleteItem response is inconclusive: %s', async (expected, second) => {
    let looks = 0;
    server(['ErrorInvalidRecipients'], (body) => folders(looks++ === 0 ? [draft] : second)(body));
    const { handler } = h.server;
    const twice = response('DeleteItem', [message('DeleteItem', ok), message('DeleteItem', ok)]);
    h.server.handler = (request, answer) => (request.operation === 'DeleteItem' ? { body: twice } : handler(request, answer));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: expected });
    expect(looks).toBe(2);
  });

  it('and is certainly removed if one of two had no id, and the next search shows none', async () => {
    let looks = 0;
    const both = [draft, { ...draft, id: '' }];
    server(['ErrorInvalidRecipients'], (body) => folders(looks++ === 0 ? both : [])(body), 'ErrorItemNotFound');
    expect((await h.deliver(1))[0]).toMatchObject({ draft: 'removed' });
    expect(looks).toBe(2);
  });

  it('and removed beside a copy without an id', async () => {
    server(['ErrorInvalidRecipients'], folders([draft], [{ ...draft, id: '', flags: 1, isDraft: false }]));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: 'removed' });
  });

  it.each(['ErrorAccessDenied', 'ErrorFolderNotFound', 'ErrorItemNotFound'])(
    'and if the login may not see Drafts, ErrorSendAsDenied leaves one: %s',
    async (code) => {
      server(['ErrorSendAsDenied'], folders(code));
      expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', draft: 'left' });
    },
  );

  it('if Drafts cannot be read, ErrorSendAsDenied inside another code implies a draft too', async () => {
    const inside = { values: { InnerErrorResponseCode: 'ErrorSendAsDenied' } };
    h.server.handler = ({ operation, body }) => {
      if (operation !== 'CreateItem') return { body: found(body, ['ErrorAccessDenied', []]) };
      return { body: response('CreateItem', [message('CreateItem', 'ErrorInternalServerError', inside)]) };
    };
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', draft: 'left' });
  });

  it.each([
    ['ErrorSendAsDenied', 'left'],
    ['ErrorInvalidRecipients', 'none'],
  ])('if Drafts cannot be read, %s: %s', async (code, expected) => {
    server([code], folders('ErrorAccessDenied'));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: expected });
    server([code], () => ({ status: 401 }));
    expect((await h.deliver(1))[0]).toMatchObject({ draft: expected });
  });

  it('after a fault for a single note as well', async () => {
    h.server.handler = ({ operation, body }) =>
      operation === 'CreateItem' ? { status: 500, body: fault('ErrorSendAsDenied') } : { body: found(body, [[], []]) };
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'rejected', draft: 'none' });
  });

  it('under the ids of the rejected notes, for the trace', async () => {
    server([ok, 'ErrorInvalidRecipients'], folders([]));
    const lines: Readonly<Record<string, unknown>>[] = [];
    const write = (fields: Readonly<Record<string, unknown>>): void => {
      lines.push(fields);
    };
    await h.deliver(2, { logger: { debug: write, info: write, warn: write, error: write } });
    expect(lines.filter(({ step }) => step === 'ews:request').map((line) => line.notes)).toEqual([
      ['note-0', 'note-1'],
      ['note-1'],
    ]);
  });

  it.each(['ErrorSendAsDenied', 'ErrorAccessDenied'])(
    'after %s even when nothing more may be sent, as while a sender stops',
    async (code) => {
      server([code], folders([draft]));
      const transport = h.transport();
      let asked = 0;
      const outcomes = await transport.deliver([h.note(transport, 0)], { ...always(), mayWrite: () => asked++ === 0 });
      expect(outcomes[0]).toMatchObject({ status: 'rejected', draft: 'removed' });
      expect(h.server.operations()).toEqual(['CreateItem', 'FindItem', 'DeleteItem']);
    },
  );

  it('but not once the delivery was aborted', async () => {
    const abort = new AbortController();
    h.server.handler = ({ operation, body }) => {
      abort.abort();
      return operation === 'CreateItem' ? { body: created('ErrorSendAsDenied') } : folders([draft])(body);
    };
    const transport = h.transport();
    const [outcome] = await transport.deliver([h.note(transport, 0)], { ...always(), signal: abort.signal });
    expect(outcome?.status).toBe('unconfirmed');
    expect(h.server.operations()).toEqual(['CreateItem']);
  });
});
