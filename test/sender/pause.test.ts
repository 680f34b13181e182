import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const bob = { to: 'sip:bob@contoso.com', text: 'x' };
const lost = new OfflineImError('CONNECTION_LOST', 'It broke.');

describe('pause()', () => {
  it('delivers nothing of the mailbox until it is resumed; other mailboxes and send() go on', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.pause('Alice@contoso.com', { why: 'moved', by: 'carol' });
    await sender.send({ ...bob, messageId: 'hers' });
    await sender.send({ ...bob, messageId: 'other', from: { sip: 'sip:dave@contoso.com' } });
    await clock.advance(300_000);
    expect(transport.delivered.map(({ from }) => from.address)).toEqual(['dave@contoso.com']);
    expect((await sender.status('hers'))?.entries).toMatchObject([{ state: 'spooled', waitingFor: 'paused' }]);
    expect(await sender.resume('alice@contoso.com')).toBe(true);
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(2);
    expect(await sender.resume('alice@contoso.com')).toBe(false);
    await sender.stop();
  });

  it('of all mailboxes takes effect in another process within pollInterval, and survives a restart', async () => {
    const spool = new MemorySpool();
    const { sender, clock, transport } = aliceSends({ spool, pollInterval: 10_000 });
    await sender.start();
    await clock.advance(60_000);
    // As another process does: not through this sender.
    await spool.admin?.pause({ by: 'root' });
    await clock.advance(10_000);
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(300_000);
    expect(transport.delivered).toEqual([]);
    await sender.stop();
    const next = aliceSends({ spool, clock, transport });
    await next.sender.start();
    await clock.advance(300_000);
    expect(transport.delivered).toEqual([]);
    await spool.admin?.resume();
    await clock.advance(30_000);
    expect(transport.delivered).toHaveLength(1);
    await next.sender.stop();
  });

  it('applies to a pending claim: its notes are given back', async () => {
    const spool = new MemorySpool();
    const { sender, clock, transport, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
    await sender.start();
    const { claim } = spool;
    spool.claim = async (request) => {
      const notes = await claim.call(spool, request);
      if (notes.length > 0) await sender.pause();
      return notes;
    };
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(60_000);
    expect([transport.delivered, eventsOf('message:picked-up')]).toEqual([[], []]);
    expect((await sender.status('m'))?.entries).toMatchObject([{ state: 'spooled', attempt: 0, waitingFor: 'paused' }]);
    spool.claim = claim;
    await sender.resume();
    await clock.advance(1_000);
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('keeps no other mailbox waiting if notes claimed meanwhile cannot be given back at once', async () => {
    const spool = new MemorySpool();
    const { sender, clock, transport, eventsOf } = aliceSends({ spool, pickupDelay: 0 });
    await sender.send({ ...bob, messageId: 'hers' });
    for (const name of ['dave', 'erin']) await sender.send({ ...bob, messageId: name, from: { sip: `sip:${name}@contoso.com` } });
    const { claim, settle } = spool;
    spool.claim = async (request) => {
      const notes = await claim.call(spool, request);
      if (notes.length > 0) await sender.pause('alice@contoso.com');
      return notes;
    };
    let failures = 0;
    spool.settle = async (settlements) => {
      if (failures > 0 || settlements.every(({ to }) => to !== 'unclaim')) return settle.call(spool, settlements);
      failures += 1;
      throw new OfflineImError('SPOOL_FAILED', 'The disk is full.');
    };
    await sender.start();
    await clock.advance(1_000);
    expect(failures).toBe(1);
    expect(transport.delivered.map(({ from }) => from.address).sort()).toEqual(['dave@contoso.com', 'erin@contoso.com']);
    expect(eventsOf('message:delivered')).toHaveLength(2);
    await sender.stop();
  });

  it('makes flush() skip paused mailboxes and report that', async () => {
    const { sender, transport } = aliceSends();
    await sender.send({ ...bob, messageId: 'm' });
    expect(await sender.flush({})).toEqual({ delivered: 1 });
    await sender.pause(undefined, { why: 'maintenance' });
    await sender.send({ ...bob, messageId: 'n' });
    expect(await sender.flush()).toEqual({ paused: [{ by: 'sender', why: 'maintenance', since: expect.any(Number) }] });
    expect(transport.delivered).toHaveLength(1);
    await sender.stop();
  });

  it('continues to probe notes that may have been sent, and gives up none', async () => {
    const { sender, clock, transport } = aliceSends({ probe: { giveUpAfter: 600_000 } });
    transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error: lost });
    transport.answerProbe = () => ({ status: 'pending' });
    await sender.start();
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(121_000);
    await sender.pause();
    const before = transport.probed.length;
    await clock.advance(3_600_000);
    expect(transport.probed.length).toBeGreaterThan(before + 10);
    expect((await sender.status('m'))?.entries).toMatchObject([{ state: 'unconfirmed' }]);
    await sender.resume();
    await clock.advance(3_600_000);
    expect((await sender.status('m'))?.entries).toMatchObject([{ state: 'dead', reason: { code: 'OUTCOME_UNKNOWN' } }]);
    await sender.stop();
  });

  it.each([[undefined], ['alice@contoso.com']])('of %s does not stop expiry', async (mailbox) => {
    const { sender, clock, transport } = aliceSends({ expiry: 600_000 });
    await sender.start();
    await sender.pause(mailbox);
    await sender.send({ ...bob, messageId: 'm' });
    await clock.advance(700_000);
    expect((await sender.status('m'))?.entries).toMatchObject([{ state: 'dead', reason: { code: 'EXPIRED' } }]);
    expect(transport.delivered).toEqual([]);
    await sender.stop();
  });

  it('is not lifted by retryNow(), and refuses an invalid address', async () => {
    const { sender, clock, transport } = aliceSends();
    await sender.start();
    await sender.pause();
    await sender.send({ ...bob });
    await clock.advance(200_000);
    sender.retryNow();
    await clock.advance(60_000);
    expect(transport.delivered).toEqual([]);
    await expect(sender.pause('nobody')).rejects.toMatchObject({ code: 'ADDRESS_INVALID' });
    await expect(sender.pause(undefined, { why: 'two\nlines' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await sender.stop();
  });

  it('rejects if the spool does not support it', async () => {
    const spool = new MemorySpool();
    Object.defineProperty(spool, 'admin', { value: undefined });
    const { sender } = aliceSends({ spool });
    await expect(sender.pause()).rejects.toMatchObject({ code: 'SPOOL_NOT_OPERABLE' });
    await sender.stop();
  });
});

it('reports blocked mailboxes through the spool, with start and next trial', async () => {
  const { sender, clock, spool, transport } = aliceSends();
  transport.answer = () => ({
    status: 'blocked',
    scope: 'mailbox',
    sent: 'no',
    error: new OfflineImError('AUTHENTICATION_FAILED', 'The server refused the login.'),
  });
  await sender.start();
  await sender.send({ ...bob });
  await clock.advance(180_000);
  const report = await spool.admin?.lanes();
  expect(report?.reports).toMatchObject([
    { obstacles: [{ kind: 'mailbox-blocked', name: 'alice@contoso.com', reason: { code: 'AUTHENTICATION_FAILED' } }] },
  ]);
  transport.answer = ({ messageClass }) => ({ status: 'delivered', messageClass });
  sender.retryNow();
  await clock.advance(60_000);
  expect((await spool.admin?.lanes())?.reports).toEqual([]);
  await sender.stop();
});

it('retries what an operator requested at the next poll, once', async () => {
  const { sender, clock, spool, transport } = aliceSends();
  transport.answer = () => ({
    status: 'blocked',
    scope: 'mailbox',
    sent: 'no',
    error: new OfflineImError('AUTHENTICATION_FAILED', 'The server refused the login.'),
  });
  await sender.start();
  await sender.send({ ...bob });
  await clock.advance(180_000);
  const before = transport.delivered.length;
  await spool.admin?.audit({ by: 'root', command: 'retry-now', filter: { lane: 'dave@contoso.com' } });
  await clock.advance(61_000);
  expect(transport.delivered.length).toBe(before);
  await spool.admin?.audit({ by: 'root', command: 'retry-now', filter: { lane: 'alice@contoso.com' } });
  await clock.advance(200_000);
  expect(transport.delivered.length).toBe(before + 1);
  await sender.stop();
});
