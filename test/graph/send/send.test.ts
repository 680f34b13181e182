import { describe, expect, it } from 'vitest';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import { ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { accepted, canned, graphError, item, list, makeNote, nothing, standing } from '../support/canned.ts';

const message = (body: Record<string, unknown>): Record<string, unknown> => body.message as Record<string, unknown>;
const classOf = (body: Record<string, unknown>): string | undefined =>
  (message(body).singleValueExtendedProperties as { id: string; value: string }[]).find(({ id }) => id === 'String 0x001A')
    ?.value;

describe('the request', () => {
  it('is one sendMail with copy, tag, Message-ID and class, and a fresh request id', async () => {
    const { deliver, note, asked } = canned(() => accepted);
    await deliver([note(1), note(2)]);
    expect(asked.map(({ path }) => path)).toEqual(Array(2).fill('/v1.0/users/alice%40contoso.test/sendMail'));
    const [first, second] = asked;
    expect(first?.body).toEqual({
      message: {
        subject: 'Alice Example sent you a message in Skype for Business',
        body: { contentType: 'text', content: 'secret text 1' },
        toRecipients: [{ emailAddress: { address: 'bob@contoso.test', name: 'Bob "B" Example' } }],
        internetMessageId: '<note-1=3a1@contoso.test>',
        singleValueExtendedProperties: [
          { id: 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag', value: 'note-1:1' },
          { id: 'String 0x001A', value: 'IPM.Note.Microsoft.Missed' },
        ],
      },
      saveToSentItems: true,
    });
    expect(first?.headers.get('authorization')).toMatch(/^Bearer \S+$/);
    expect(first?.headers.get('return-client-request-id')).toBe('true');
    expect(first?.headers.get('client-request-id')).not.toBe(second?.headers.get('client-request-id'));
  });

  it('goes to federated recipients as an ordinary mail, and with the classes set by the host', async () => {
    const plain = canned(() => accepted);
    expect(await plain.deliverOne(plain.note(1, { audience: 'federated' }))).toEqual({
      status: 'delivered',
      messageClass: 'IPM.Note',
    });
    expect(classOf(plain.asked[0]?.body ?? {})).toBeUndefined();
    const messageClasses = { 'same-organization': 'IM.Note.MissedConversation', federated: 'IPM.Note.Custom' };
    const named = canned(() => accepted, { messageClasses });
    await named.deliver([named.note(1), named.note(2, { audience: 'federated' })]);
    expect(named.asked.map(({ body }) => classOf(body)).sort()).toEqual(['IM.Note.MissedConversation', 'IPM.Note.Custom']);
  });

  it('names a sender other than the mailbox itself', async () => {
    const { deliverOne, note, asked, transport } = canned(() => accepted);
    const place = transport.placeOf({ address: 'team@contoso.test' });
    await deliverOne(note(1, { place }));
    expect(message(asked[0]?.body ?? {}).from).toEqual({
      emailAddress: { address: 'alice@contoso.test', name: 'Alice Example' },
    });
  });

  it('goes to the user returned by userOf; without one it waits', async () => {
    const { deliverOne, asked } = canned(() => accepted, { userOf: (address) => `id of ${address}/..` });
    await deliverOne();
    expect(asked[0]?.path).toBe(`/v1.0/users/${encodeURIComponent('id of alice@contoso.test/..')}/sendMail`);
    const odd = canned(() => accepted, { userOf: () => "$o'brien@contoso.test" });
    await odd.deliverOne();
    expect(odd.asked[0]?.path).toBe("/v1.0/users('%24o''brien%40contoso.test')/sendMail");
    for (const userOf of [
      () => '',
      () => 7 as never,
      () => '..',
      // One that must answer at once: its promise is not awaited, and a rejection would end the process.
      (async () => {
        throw new Error('no');
      }) as never,
      () => {
        throw new Error('no');
      },
    ]) {
      const failing = canned(() => accepted, { userOf });
      expect(await failing.deliverOne()).toMatchObject({
        status: 'deferred',
        scope: 'mailbox',
        error: { code: 'OPTION_INVALID' },
      });
      expect(failing.asked).toEqual([]);
    }
  });
});

describe('a refused class', () => {
  it.each(['ErrorObjectTypeChanged', 'ErrorInvalidItemForOperationCreateItem', 'ErrorItemSavePropertyError'])(
    '%s: the next class in the same delivery, after a search in Drafts',
    async (code) => {
      const { deliverOne, asked, note, deliver } = canned(
        ({ what, body }) =>
          what !== 'sendMail' ? nothing : classOf(body) === 'IM.Note.MissedConversation' ? graphError(400, code) : accepted,
        { messageClasses: { 'same-organization': 'IM.Note.MissedConversation' } },
      );
      expect(await deliverOne()).toEqual({ status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' });
      expect(asked.map(({ what }) => what)).toEqual(['sendMail', 'drafts', 'sendMail']);
      await deliver([note(2)]);
      const sends = asked.filter(({ what }) => what === 'sendMail').map(({ body }) => classOf(body));
      // A refusal that may have had another reason is tried again.
      expect(sends.slice(2)[0]).toBe(
        code === 'ErrorItemSavePropertyError' ? 'IM.Note.MissedConversation' : 'IPM.Note.Microsoft.Missed',
      );
    },
  );

  it('ends with an ordinary mail; then the note is rejected', async () => {
    const { deliverOne, asked } = canned(({ what }) =>
      what === 'sendMail' ? graphError(400, 'ErrorObjectTypeChanged') : nothing,
    );
    expect(await deliverOne()).toMatchObject({ status: 'rejected', draft: 'none' });
    expect(asked.filter(({ what }) => what === 'sendMail').map(({ body }) => classOf(body))).toEqual([
      'IPM.Note.Microsoft.Missed',
      undefined,
    ]);
  });

  it('is not resent while an item with the tag is in Drafts, nor if mayWrite() returns false', async () => {
    const tag = 'note-1:1';
    const draft = canned(({ what }) => {
      if (what === 'sendMail') return graphError(400, 'ErrorObjectTypeChanged');
      if (what === 'get') return standing(tag, 8);
      return what === 'move' ? { status: 201, json: { id: 'new', isDraft: true } } : list(item(tag, { isDraft: true }));
    });
    expect(await draft.deliverOne()).toMatchObject({ status: 'rejected', draft: 'removed' });
    expect(draft.asked.filter(({ what }) => what === 'sendMail')).toHaveLength(1);
    let asked = 0;
    const stopped = canned(({ what }) => (what === 'sendMail' ? graphError(400, 'ErrorObjectTypeChanged') : nothing));
    await stopped.deliver([stopped.note()], { mayWrite: () => ++asked <= 1 });
    expect(stopped.asked.filter(({ what }) => what === 'sendMail')).toHaveLength(1);
  });
});

describe('after a refusal by Exchange', () => {
  const tag = 'note-1:1';
  const denied = graphError(403, 'ErrorSendAsDenied');
  const drafts = list(item(tag, { isDraft: true }));

  it.each([
    [
      'unsubmitted, however young: removed',
      standing(tag, 8, { createdDateTime: new Date().toISOString() }),
      { status: 201, json: { id: 'n', isDraft: true } },
      { status: 'rejected', draft: 'removed' },
    ],
    ['submitted: it is on its way all the same', standing(tag, 12), nothing, { status: 'unconfirmed' }],
    ['no flags: unknown', standing(tag, undefined), nothing, { status: 'unconfirmed' }],
    ['sent meanwhile', standing(tag, 8, { isDraft: false }), nothing, { status: 'unconfirmed' }],
    ['it may not be moved', standing(tag, 8), graphError(403, 'ErrorAccessDenied'), { status: 'rejected', draft: 'left' }],
    ['the move gets no clear answer', standing(tag, 8), { status: 503 }, { status: 'rejected', draft: 'left' }],
    ['gone while it was read', graphError(404, 'ErrorItemNotFound'), nothing, { status: 'unconfirmed' }],
    ['gone when it was to be moved', standing(tag, 8), graphError(404, 'ErrorItemNotFound'), { status: 'unconfirmed' }],
  ])('a tagged item in Drafts: %s', async (_, read, move, expected) => {
    const { deliverOne } = canned(({ what }) =>
      what === 'sendMail' ? denied : what === 'get' ? read : what === 'move' ? move : drafts,
    );
    expect(await deliverOne()).toMatchObject(expected);
  });

  it('a draft is removed even when nothing more may be sent, as while a sender stops', async () => {
    const { deliver, note } = canned(({ what }) => {
      if (what === 'sendMail') return denied;
      if (what === 'get') return standing(tag, 8);
      return what === 'move' ? { status: 201, json: { id: 'n', isDraft: true } } : drafts;
    });
    let asked = 0;
    expect(await deliver([note()], { mayWrite: () => ++asked <= 1 })).toMatchObject([{ status: 'rejected', draft: 'removed' }]);
  });

  it('unreadable Drafts: a draft is assumed only for ErrorSendAsDenied', async () => {
    const closed = graphError(403, 'ErrorAccessDenied');
    const denials = canned(({ what }) => (what === 'sendMail' ? denied : closed));
    expect(await denials.deliverOne()).toMatchObject({ status: 'rejected', draft: 'left' });
    const others = canned(({ what }) => (what === 'sendMail' ? graphError(400, 'ErrorInvalidRecipients') : closed));
    expect(await others.deliverOne()).toMatchObject({ status: 'rejected', draft: 'none' });
  });

  it('a refusal by the front end leaves no draft: Drafts are not searched', async () => {
    const { deliverOne, asked } = canned(() => graphError(400, 'RequestBodyRead'));
    await deliverOne();
    expect(asked).toHaveLength(1);
  });
});

describe('pace', () => {
  it('requests above the limit per minute are not attempted, and the lane knows until when', async () => {
    const clock = new ManualClock();
    const { deliver, note, asked } = canned(() => accepted, { clock, messagesPerMinute: 3 });
    const notes = Array.from({ length: 5 }, (_, n) => note(n, { conversationId: 'same' }));
    const outcomes = await deliver(notes);
    expect(outcomes.map(({ status }) => status)).toEqual(['delivered', 'delivered', 'delivered', 'deferred', 'deferred']);
    expect(outcomes[3]).toMatchObject({ status: 'deferred', retryAfter: 60_000, error: { code: 'NOT_ATTEMPTED' } });
    await clock.advance(59_000);
    expect(await deliver([note(9)])).toMatchObject([{ status: 'deferred', retryAfter: 1000 }]);
    const other = { from: { address: 'carol@contoso.test' } };
    expect(await deliver([note(10, other)])).toMatchObject([{ status: 'delivered' }]);
    await clock.advance(1000);
    expect(await deliver([note(11), note(12), note(13), note(14)])).toHaveLength(4);
    expect(asked).toHaveLength(7);
  });

  it('at most four requests of a mailbox run at once, probes included, and other mailboxes are not held up', async () => {
    let most = 0;
    let now = 0;
    const { deliver, probe, note } = canned(async ({ path, what }) => {
      if (!path.includes('alice')) return what === 'sendMail' ? accepted : nothing;
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return what === 'sendMail' ? accepted : nothing;
    });
    const notes = Array.from({ length: 12 }, (_, n) => note(n));
    await Promise.all([
      deliver(notes.slice(0, 6)),
      deliver(notes.slice(6)),
      probe(notes),
      deliver([note(99, { from: { address: 'carol@contoso.test' } })]),
    ]);
    expect(most).toBe(4);
  });

  it('notes of a conversation are sent one at a time, and none after one with an open outcome', async () => {
    const { deliver, note, asked } = canned((_, nth) =>
      nth === 2 ? { status: 400, json: { error: { code: 'New', message: '' } } } : accepted,
    );
    const notes = Array.from({ length: 4 }, (_, n) => note(n, { conversationId: 'same' }));
    expect((await deliver(notes)).map(({ status }) => status)).toEqual(['delivered', 'unconfirmed', 'deferred', 'deferred']);
    expect(asked).toHaveLength(2);
  });
});

describe('tokens', () => {
  it('are requested once for all requests, and refreshed once for all refusals', async () => {
    let given = 0;
    const { deliver, note } = canned(
      ({ headers }) => (headers.get('authorization') === 'Bearer t1' ? graphError(401, 'InvalidAuthenticationToken') : accepted),
      { credential: async () => ({ token: `t${++given}` }) },
    );
    const outcomes = await deliver(Array.from({ length: 8 }, (_, n) => note(n)));
    expect(outcomes.every(({ status }) => status === 'delivered')).toBe(true);
    expect(given).toBe(2);
  });

  it.each([401, 403])('a claims challenge with %i is passed on once, decoded', async (status) => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
    const header = `Bearer realm="", authorization_uri="https://login.test/", error="insufficient_claims", claims="${btoa(claims)}"`;
    const asked: (string | undefined)[] = [];
    const { deliverOne, asked: requests } = canned(
      () => graphError(status, 'InvalidAuthenticationToken', { headers: { 'www-authenticate': header } }),
      {
        credential: async (mailbox, request) => {
          asked.push(request.claims);
          expect(mailbox).toEqual({ address: 'alice@contoso.test' });
          expect(request.scopes).toEqual(['https://graph.contoso.test/.default']);
          return { token: `t${asked.length}` };
        },
      },
    );
    expect(await deliverOne()).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(asked).toEqual([undefined, claims]);
    expect(requests).toHaveLength(2);
  });

  it('a credential object is called as @azure/identity expects', async () => {
    const calls: unknown[] = [];
    const credential = {
      getToken: async (scopes: string | string[], options?: { abortSignal?: AbortSignal; claims?: string }) => {
        calls.push([scopes, Object.keys(options ?? {})]);
        return { token: 'abc', expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const { deliver, note } = canned(() => accepted, { credential });
    await deliver([note(1), note(2, { from: { address: 'carol@contoso.test' } })]);
    expect(calls).toEqual([[['https://graph.contoso.test/.default'], ['abortSignal']]]);
  });
});

it('a principal name that begins with $ is sent for and probed for over a connection', async () => {
  const address = "$o'brien@contoso.test";
  await using server = await startExchangeSimulator({ mailboxes: [address, 'bob@contoso.test'] });
  const token = server.tokens.issue(address);
  const transport = new GraphTransport({ root: server.graphUrl, credential: async () => ({ token }) });
  const note = makeNote(transport, 1, { from: { address } });
  const options = { signal: new AbortController().signal, mayWrite: () => true };
  expect(await transport.deliver([note], options)).toMatchObject([{ status: 'delivered' }]);
  const asked = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
  expect(await transport.probe([asked], options)).toEqual([{ status: 'found' }]);
  expect(server.journal.map(({ path }) => path).every((path) => path.includes("/users('%24o''brien%40contoso.test')/"))).toBe(
    true,
  );
});
