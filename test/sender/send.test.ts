import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { GateRefusedError } from '../../src/gating/gate.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = 'sip:bob@contoso.com';
const secret = 'the text that nobody may see';

describe('send()', () => {
  it('resolves with a receipt: one entry per audience, with class, recipients and pickup time', async () => {
    const { sender, clock, eventsOf } = aliceSends();
    const receipt = await sender.send({ to: [bob, 'carol@fabrikam.com', 'SIP:Dan@Contoso.com'], text: 'hello' });
    expect(receipt).toMatchObject({
      duplicate: false,
      entries: [
        {
          audience: 'same-organization',
          messageClass: 'IM.Note.MissedConversation',
          recipients: ['bob@contoso.com', 'Dan@contoso.com'],
        },
        { audience: 'federated', messageClass: 'IPM.Note', recipients: ['carol@fabrikam.com'] },
      ],
    });
    expect(receipt.entries[0]?.pickupAt).toEqual(new Date(clock.now() + 120_000));
    expect(eventsOf('message:spooled').map(({ id }) => id)).toEqual(receipt.entries.map(({ id }) => id));
    await sender.stop();
  });

  it('shows each audience only its own recipients, and those of one audience each other', async () => {
    const { sender, transport, clock } = aliceSends();
    await sender.start();
    await sender.send({ to: [bob, 'dan@contoso.com', 'carol@fabrikam.com'], text: 'hello' });
    await clock.advance(120_000);
    const recipients = transport.delivered.map((note) => note.to.map(({ address }) => address));
    expect(recipients).toHaveLength(2);
    expect(recipients).toContainEqual(['bob@contoso.com', 'dan@contoso.com']);
    expect(recipients).toContainEqual(['carol@fabrikam.com']);
    await sender.stop();
  });

  it('is refused by the gate with every reason, and spools nothing', async () => {
    const { sender, eventsOf } = aliceSends({
      client: { version: '16.0.4417.1000', mailboxLocation: 'on-premises' },
      policy: { enableOfflineIm: false, enableImAutoArchiving: false },
      organization: { domains: ['contoso.com'], federatedDomains: [] },
    });
    const error = await sender.send({ to: 'carol@fabrikam.com', text: secret }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(GateRefusedError);
    expect((error as GateRefusedError).reasons.map(({ code }) => code).sort()).toEqual([
      'client-too-old',
      'domain-not-federated',
      'im-auto-archiving-disabled',
      'offline-im-disabled',
    ]);
    expect(eventsOf('message:refused')).toHaveLength(1);
    expect(Object.values((await sender.stats()).states).every((count) => count === 0)).toBe(true);
    await sender.stop();
  });

  it('asks for the policy at every send, for the sending identity', async () => {
    const asked: string[] = [];
    const { sender } = aliceSends({
      policy: ({ sip }) => {
        asked.push(sip);
        return { enableImAutoArchiving: !sip.includes('mallory') };
      },
    });
    await sender.send({ to: bob, text: 'x' });
    await expect(sender.send({ from: 'sip:mallory@contoso.com', to: bob, text: 'x' })).rejects.toMatchObject({
      code: 'GATE_REFUSED',
    });
    expect(asked).toEqual(['sip:alice@contoso.com', 'sip:mallory@contoso.com']);
    await sender.stop();
  });

  it('uses a policy that is set while the sender runs', async () => {
    const { sender, eventsOf } = aliceSends();
    sender.setPolicy({ enableOfflineIm: false });
    await expect(sender.send({ to: bob, text: 'x' })).rejects.toMatchObject({ code: 'GATE_REFUSED' });
    sender.setPolicy({ enableOfflineIm: true });
    await sender.send({ to: bob, text: 'x' });
    expect(eventsOf('policy:changed')).toHaveLength(2);
    await sender.stop();
  });

  it('with a known id and the same content resolves with the first receipt; with other content it is a conflict', async () => {
    const { sender, clock, eventsOf } = aliceSends();
    const first = await sender.send({ to: bob, text: 'x', messageId: 'ticket-1' });
    await clock.advance(1_000);
    const second = await sender.send({ to: bob, text: 'x', messageId: 'ticket-1' });
    expect(second).toEqual({ ...first, duplicate: true });
    expect(eventsOf('message:duplicate')).toEqual([{ messageId: 'ticket-1' }]);
    await expect(sender.send({ to: bob, text: 'y', messageId: 'ticket-1' })).rejects.toMatchObject({
      code: 'MESSAGE_ID_CONFLICT',
    });
    expect((await sender.stats()).states.spooled).toBe(1);
    await sender.stop();
  });

  it('returns its receipt for a repetition after the expiry, but accepts no other expired message', async () => {
    const { sender, clock } = aliceSends();
    const expiresAt = new Date(clock.now() + 60_000);
    const first = await sender.send({ to: bob, text: 'x', messageId: 'ticket-1', expiresAt });
    await clock.advance(90_000);
    expect(await sender.send({ to: bob, text: 'x', messageId: 'ticket-1', expiresAt })).toEqual({ ...first, duplicate: true });
    await expect(sender.send({ to: bob, text: 'x', messageId: 'ticket-2', expiresAt })).rejects.toMatchObject({
      code: 'MESSAGE_INVALID',
    });
    await sender.stop();
  });

  it('rejects as unknown if the storage is unavailable when a repetition after the expiry arrives', async () => {
    const spool = new MemorySpool();
    const { sender, clock } = aliceSends({ spool });
    const expiresAt = new Date(clock.now() + 60_000);
    await sender.send({ to: bob, text: 'x', messageId: 'ticket-1', expiresAt });
    await clock.advance(90_000);
    spool.findMessage = () => Promise.reject(new Error('the storage is away'));
    await expect(sender.send({ to: bob, text: 'x', messageId: 'ticket-1', expiresAt })).rejects.toMatchObject({
      code: 'APPEND_OUTCOME_UNKNOWN',
      details: { messageId: 'ticket-1' },
    });
    await sender.stop();
  });

  it('recognises an id for one day after its message ended', async () => {
    const { sender, transport, clock } = aliceSends();
    await sender.start();
    const message = { to: bob, text: 'x', messageId: 'ticket-1' };
    await sender.send(message);
    await clock.advance(120_000 + 23 * 3_600_000);
    expect((await sender.send(message)).duplicate).toBe(true);
    await clock.advance(2 * 3_600_000);
    expect((await sender.send(message)).duplicate).toBe(false);
    await clock.advance(120_000);
    expect(transport.delivered).toHaveLength(2);
    await sender.stop();
  });

  it('keeps the order of the calls, even if an earlier one takes longer to prepare', async () => {
    let first = true;
    const { sender, transport, clock } = aliceSends({
      resolveMailbox: async (sip) => {
        if (first) {
          first = false;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return sip.slice(4);
      },
    });
    await sender.start();
    await Promise.all(['1', '2', '3'].map((text) => sender.send({ to: bob, text })));
    await clock.advance(120_000);
    const body = transport.delivered[0]?.body.content ?? '';
    expect(
      [body.indexOf('\n1'), body.indexOf('\n2'), body.indexOf('\n3')].every((at, index, all) => at > (all[index - 1] ?? 0)),
    ).toBe(true);
    await sender.stop();
  });

  it('resolves SIP addresses to mailboxes, and sends one note to two that share one', async () => {
    const { sender, transport, clock } = aliceSends({
      resolveMailbox: (sip) => (sip.includes('alice') ? 'a.example@contoso.com' : 'team@contoso.com'),
    });
    await sender.start();
    await sender.send({ to: [bob, 'sip:carol@contoso.com'], text: 'x' });
    await clock.advance(120_000);
    expect(transport.delivered[0]?.from).toEqual({ address: 'a.example@contoso.com', name: 'Alice Example' });
    expect(transport.delivered[0]?.to).toEqual([{ address: 'team@contoso.com' }]);
    await sender.stop();
  });

  it('rejects if a mailbox cannot be resolved, and keeps nothing', async () => {
    const { sender } = aliceSends({ resolveMailbox: () => Promise.reject(new Error('directory down')) });
    await expect(sender.send({ to: bob, text: 'x' })).rejects.toMatchObject({ code: 'MAILBOX_UNRESOLVED' });
    expect((await sender.stats()).states.spooled).toBe(0);
    await sender.stop();
  });

  it('waits for resolveMailbox as long as for a policy, then keeps nothing', async () => {
    const { sender, clock } = aliceSends({ resolveMailbox: () => new Promise(() => undefined), policyTimeout: 4_000 });
    const sending = expect(sender.send({ to: bob, text: 'x' })).rejects.toMatchObject({ code: 'MAILBOX_UNRESOLVED' });
    await clock.advance(4_000);
    await sending;
    expect((await sender.stats()).states.spooled).toBe(0);
    await sender.stop();
  });

  it.each([undefined, null, 5, 'x', {}, () => undefined])(
    'rejects with a code if the client function returns no client (%s), and keeps nothing',
    async (given) => {
      const { sender } = aliceSends({ client: () => given as never });
      await expect(sender.send({ to: bob, text: 'x' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      expect((await sender.stats()).states.spooled).toBe(0);
      await sender.stop();
    },
  );

  it.each([
    [{ to: 'nobody', text: secret }, 'RECIPIENT_INVALID'],
    [{ to: [], text: secret }, 'RECIPIENTS_MISSING'],
    [{ to: bob, text: '' }, 'TEXT_EMPTY'],
    [{ to: bob, text: secret.repeat(2_000) }, 'TEXT_TOO_LONG'],
    [{ to: bob, text: secret, expiresAt: new Date(0) }, 'MESSAGE_INVALID'],
  ] as const)('rejects invalid input with a code, without repeating the text: %#', async (message, code) => {
    const { sender } = aliceSends();
    const error = await sender.send(message).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code });
    expect(String((error as Error).stack)).not.toContain(secret);
    await sender.stop();
  });

  it('rejects as unknown if the storage cannot tell, with the id for a repetition', async () => {
    const spool = new MemorySpool();
    const append = spool.append.bind(spool);
    let broken = true;
    spool.append = async (entries) => {
      const results = await append(entries);
      if (!broken) return results;
      broken = false;
      throw new Error('the answer was lost');
    };
    const { sender } = aliceSends({ spool });
    const error = (await sender.send({ to: bob, text: 'x' }).catch((cause: unknown) => cause)) as OfflineImError;
    expect(error.code).toBe('APPEND_OUTCOME_UNKNOWN');
    const { messageId } = error.details as { messageId: string };
    expect((await sender.send({ to: bob, text: 'x', messageId })).duplicate).toBe(true);
    expect((await sender.stats()).states.spooled).toBe(1);
    await sender.stop();
  });

  const kept = (...results: readonly unknown[]) => results;
  it.each([
    ['nothing', undefined],
    ['no result', kept()],
    ['a result without a status', kept({})],
    ['invalid entries', kept({ status: 'appended', entries: [undefined] })],
    ['entries without recipients', kept({ status: 'appended', entries: [{ id: 'e', pickupAt: 0 }] })],
    ['recipients without addresses', kept({ status: 'duplicate', entries: [{ id: 'e', pickupAt: 0, to: [{}] }] })],
    ['a failure without whether it was kept', kept({ status: 'failed', error: new Error('disk full') })],
  ])('rejects as unknown if the storage returns %s', async (_, returned) => {
    const spool = new MemorySpool();
    spool.append = async () => returned as never;
    const { sender } = aliceSends({ spool });
    await expect(sender.send({ to: bob, text: secret, messageId: 'm' })).rejects.toMatchObject({
      code: 'APPEND_OUTCOME_UNKNOWN',
      details: { messageId: 'm' },
    });
    await sender.stop();
  });
});

it.each(['send', 'check', 'sendMany'] as const)('a message that cannot be read is MESSAGE_INVALID, to %s() too', async (call) => {
  const { sender } = aliceSends();
  const revoked = (): never => {
    const { proxy, revoke } = Proxy.revocable({ to: bob, text: 'hello' }, {});
    revoke();
    return proxy as never;
  };
  const lazy = {
    to: bob,
    get text(): string {
      throw new Error('no longer attached');
    },
  };
  for (const message of [revoked(), lazy, { to: bob, text: 'hello', from: revoked() }]) {
    const failed =
      call === 'sendMany' ? (await sender.sendMany([message]))[0] : await sender[call](message).catch((error) => ({ error }));
    expect(failed).toMatchObject({ error: { name: 'OfflineImError', code: 'MESSAGE_INVALID' } });
  }
  await sender.stop();
});

describe('sendMany()', () => {
  it('keeps the code of an error from another copy of the library', async () => {
    const spool = new MemorySpool();
    spool.open = () => Promise.reject(Object.assign(new Error('It is open elsewhere.'), { code: 'SPOOL_LOCKED' }));
    const { sender } = aliceSends({ spool });
    const [result] = await sender.sendMany([{ to: bob, text: '1' }]);
    expect(result).toMatchObject({ status: 'rejected', error: { code: 'SPOOL_LOCKED', message: 'It is open elsewhere.' } });
    expect(result?.status === 'rejected' && result.error instanceof OfflineImError).toBe(true);
    await sender.stop();
  });

  it('returns one result per message; a rejected message does not affect others', async () => {
    const { sender } = aliceSends();
    const results = await sender.sendMany([
      { to: bob, text: '1' },
      { to: 'nobody', text: '2' },
      { to: bob, text: '3' },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'rejected', 'accepted']);
    expect(results[1]).toMatchObject({ error: { code: 'RECIPIENT_INVALID' } });
    await sender.stop();
  });
});

describe('check()', () => {
  it('returns decision and classification, and sends nothing', async () => {
    const { sender } = aliceSends();
    expect(await sender.check({ to: [bob, 'carol@fabrikam.com'], text: 'x' })).toEqual({
      decision: { allowed: true },
      entries: [
        { audience: 'same-organization', messageClass: 'IM.Note.MissedConversation', recipients: ['bob@contoso.com'] },
        { audience: 'federated', messageClass: 'IPM.Note', recipients: ['carol@fabrikam.com'] },
      ],
    });
    expect((await sender.stats()).states.spooled).toBe(0);
    await sender.stop();
  });
});
