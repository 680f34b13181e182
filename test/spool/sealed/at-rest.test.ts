import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { aliceSeals, filesOf, newKey } from './support.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-sealed-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Texts that must not appear, in any case, in any file or name; too long to occur in base64 by chance. */
const needles = [
  'alice@',
  'alice example',
  'bob@',
  'bob b',
  'carol@',
  'contoso',
  'fabrikam',
  'topsecret',
  'ticket-',
  'thread of',
  'missed conversation',
  'sent you a message',
  'quota exceeded',
];

async function found(): Promise<string[]> {
  const files = await filesOf(root);
  expect(files.size).toBeGreaterThan(0);
  return [...files].flatMap(([path, content]) => {
    const where = `${path}\n${content}`.toLowerCase();
    return needles.filter((needle) => where.includes(needle)).map((needle) => `${needle} in ${path}`);
  });
}

it('leaves nothing readable on disk in any state, in files or names', async () => {
  const { sender, transport } = aliceSeals(root, { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() });
  const error = new OfflineImError('EWS_ERROR', 'Quota exceeded for alice@contoso.com', {
    details: { responseCode: 'ErrorQuotaExceeded' },
  });
  const send = (messageId: string, to = 'Bob B <bob@contoso.com>') =>
    sender.send({ to, text: 'topsecret', html: '<b>topsecret</b>', messageId, conversationId: `thread of ${messageId}` });

  await send('ticket-1');
  expect(await found(), 'spooled').toEqual([]);

  const atWork = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  transport.answer = async ({ messageClass }) => {
    atWork.resolve();
    await goOn.promise;
    return { status: 'delivered', messageClass };
  };
  const flushed = sender.flush();
  await atWork.promise;
  expect(await found(), 'delivering').toEqual([]);
  goOn.resolve();
  await flushed;
  expect(transport.delivered[0]?.body.content).toBe('<b>topsecret</b>');
  expect(await found(), 'delivered').toEqual([]);

  transport.answer = () => ({ status: 'deferred', scope: 'note', error });
  await send('ticket-2');
  await sender.flush();
  transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
  await send('ticket-3');
  await sender.flush();
  transport.answer = () => ({ status: 'rejected', scope: 'note', splittable: false, draft: 'none', error });
  await send('ticket-4', 'carol@fabrikam.com');
  await sender.flush();
  await send('ticket-5');
  await sender.hold('ticket-5');
  await send('ticket-6');
  await sender.cancel('ticket-6');
  await sender.cancel('ticket-3');
  expect((await sender.stats()).states).toMatchObject({
    delivered: 1,
    deferred: 1,
    unconfirmed: 1,
    dead: 1,
    held: 1,
    cancelled: 1,
  });
  expect(await found(), 'deferred, unconfirmed, dead, held, cancelled').toEqual([]);

  const dead = (await sender.status('ticket-4'))?.entries[0];
  expect(dead).toMatchObject({
    messageId: 'ticket-4',
    lane: 'alice@contoso.com',
    conversationId: 'thread of ticket-4',
    to: [{ address: 'carol@fabrikam.com' }],
    reason: { code: 'EWS_ERROR', text: 'Quota exceeded for alice@contoso.com', serverCode: 'ErrorQuotaExceeded' },
  });
  await sender.purge('ticket-4');
  await sender.stop();
  expect(await found(), 'stopped').toEqual([]);
});

it('keeps the sealed subject and place of a note for its probe and its retry', async () => {
  const keys = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };
  const error = new OfflineImError('CONNECTION_LOST', 'lost');
  const first = aliceSeals(root, keys);
  first.transport.answer = () => ({ status: 'unconfirmed', scope: 'note', error });
  await first.sender.send({ to: 'bob@contoso.com', text: '1' });
  await first.sender.send({ to: 'bob@contoso.com', text: '2' });
  await first.sender.flush();
  const [note] = first.transport.delivered;
  await first.sender.stop();
  expect(await found()).toEqual([]);

  const second = aliceSeals(root, keys, { probe: { grace: 0 }, clock: first.clock });
  for (let look = 0; look < 3 && second.transport.delivered.length === 0; look++) {
    await first.clock.advance(60_000);
    await second.sender.flush();
  }
  expect(second.transport.probed[0]).toMatchObject({ unknownAttempts: [{ tag: note?.tag, place: note?.place }] });
  const [retry] = second.transport.delivered;
  expect(retry).toMatchObject({ id: note?.id, attempt: 2, subject: note?.subject, body: note?.body, place: note?.place });
  expect(retry?.subject).toBe('Missed conversation with Alice Example');
  await second.sender.stop();
});

it('gives each sender its own folder, with a name that reveals nothing', async () => {
  const { sender } = aliceSeals(root, { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() });
  for (const from of ['sip:alice@contoso.com', 'SIP:Alice@Contoso.com', 'sip:bob@contoso.com']) {
    await sender.send({ from, to: 'carol@contoso.com', text: 'x' });
  }
  await sender.stop();
  const folders = [...(await filesOf(root)).keys()].filter((path) => !/[/\\]/.test(path) && !path.startsWith('.'));
  expect(folders).toHaveLength(2);
  for (const folder of folders) expect(folder).toMatch(/^[\da-f]{64}@sealed\.invalid$/);
});
