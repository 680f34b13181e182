import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MessageEntry } from '../../../src/sender/status.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import type { SealKey, SealOptions } from '../../../src/spool/sealed/keys.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { aliceSeals, filesOf, newKey } from './support.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-sealed-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const routingKey = newKey();
const old: SealKey = { id: 'old', key: newKey() };
const fresh: SealKey = { id: 'fresh', key: newKey() };
const toBob = (text: string) => ({ to: 'bob@contoso.com', text, messageId: text });
const toCarol = (text: string) => ({ to: 'carol@contoso.com', text, messageId: text });

async function texts(keys: SealOptions): Promise<string[]> {
  const { sender, transport } = aliceSeals(root, keys);
  await sender.flush();
  await sender.stop();
  return transport.delivered.map(({ body }) => body.content);
}

async function spool(keys: readonly SealKey[], ...messages: readonly { to: string; text: string; messageId: string }[]) {
  const { sender } = aliceSeals(root, { keys, routingKey });
  for (const message of messages) await sender.send(message);
  await sender.stop();
}

/** Ids of the keys with which data on disk is sealed. */
async function keysInUse(): Promise<string[]> {
  const all = [...(await filesOf(root)).values()].join('\n');
  return [...new Set([...all.matchAll(/sealed1\.([\w-]+)\./g)].map(([, id = '']) => id))].sort();
}

describe('rotation', () => {
  it('encrypts with the first key, and decrypts with all', async () => {
    await spool([old], toBob('1'));
    expect(await keysInUse()).toEqual(['old']);
    await spool([fresh, old], toCarol('2'));
    expect(await keysInUse()).toEqual(['fresh', 'old']);
    expect((await texts({ keys: [fresh, old], routingKey })).sort()).toEqual(['1', '2']);
  });

  it('keeps order, duplicates and conversations across a rotation: the routing key stays', async () => {
    await spool([old], toBob('1'));
    const { sender, transport } = aliceSeals(root, { keys: [fresh, old], routingKey });
    expect((await sender.send(toBob('1'))).duplicate).toBe(true);
    await expect(sender.send({ ...toBob('1'), text: 'other' })).rejects.toMatchObject({ code: 'MESSAGE_ID_CONFLICT' });
    await sender.send(toBob('2'));
    await sender.flush();
    expect(transport.delivered).toHaveLength(1);
    expect(transport.delivered[0]?.body.content).toMatch(/1.*2/s);
    await sender.stop();
  });

  it('accepts keys that cannot be exported from the process', async () => {
    const key = await crypto.subtle.importKey('raw', newKey(), 'AES-GCM', false, ['encrypt', 'decrypt']);
    const routing = await crypto.subtle.importKey('raw', newKey(), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const options = { keys: [{ id: 'k', key }], routingKey: routing };
    const { sender } = aliceSeals(root, options);
    await sender.send(toBob('1'));
    await sender.stop();
    expect(await texts(options)).toEqual(['1']);
  });
});

describe('a missing key', () => {
  it('leaves its entries in place, warns, and lets the rest go on; once found, they are delivered in order', async () => {
    await spool([old], toBob('1'), toBob('2'));
    const without = aliceSeals(root, { keys: [fresh], routingKey });
    await without.sender.send(toCarol('3'));
    await without.sender.send(toBob('4'));
    await without.sender.flush();
    expect(without.transport.delivered.map(({ body }) => body.content)).toEqual(['3']);
    const warnings = without.eventsOf('warning').map(({ error }) => error);
    expect(warnings[0]).toMatchObject({ code: 'SPOOL_KEY_MISSING', details: { keyId: 'old', entries: 3 } });
    expect(without.eventsOf('message:dead')).toEqual([]);
    expect(without.eventsOf('spool:corrupt')).toEqual([]);
    expect((await without.sender.stats()).states).toMatchObject({ spooled: 3, delivered: 1, dead: 0 });
    await without.sender.stop();

    const found = aliceSeals(root, { keys: [fresh, old], routingKey });
    await found.sender.flush();
    expect(found.transport.delivered).toHaveLength(1);
    expect(found.transport.delivered[0]?.body.content).toMatch(/1.*2.*4/s);
    expect(found.eventsOf('message:delivered').map(({ messageId }) => messageId)).toEqual(['1', '2', '4']);
    await found.sender.stop();
  });

  it('is the reason shown by status() and list(), and a repetition is still recognised', async () => {
    await spool([old], toBob('1'));
    const { sender } = aliceSeals(root, { keys: [fresh], routingKey });
    const entry = (await sender.status('1'))?.entries[0];
    expect(entry).toMatchObject({ state: 'spooled', to: [], reason: { code: 'SPOOL_KEY_MISSING' } });
    expect(entry).not.toHaveProperty('message');
    const listed: MessageEntry[] = [];
    for await (const one of sender.list()) listed.push(one);
    expect(listed.map(({ id, reason }) => [id, reason?.code])).toEqual([[entry?.id, 'SPOOL_KEY_MISSING']]);
    const again = await sender.send(toBob('1'));
    expect(again).toMatchObject({ messageId: '1', duplicate: true, entries: [{ recipients: ['bob@contoso.com'] }] });
    await sender.stop();
  });

  it('does not prevent cancelling unreadable entries', async () => {
    await spool([old], toBob('1'));
    const { sender, transport } = aliceSeals(root, { keys: [fresh], routingKey });
    await sender.send(toBob('2'));
    expect(await sender.cancel('1')).toMatchObject([{ from: 'spooled', to: 'cancelled' }]);
    await sender.flush();
    expect(transport.delivered.map(({ body }) => body.content)).toEqual(['2']);
    await sender.purge('1');
    await sender.stop();
  });

  it('is reported at once if it is the routing key, without which order and repetitions could not be kept', async () => {
    await spool([old], toBob('1'));
    const { sender, transport, eventsOf } = aliceSeals(root, { keys: [old], routingKey: newKey() });
    await sender.flush();
    expect(transport.delivered).toEqual([]);
    expect(eventsOf('warning')[0]?.error).toMatchObject({ code: 'SPOOL_KEY_MISSING', details: { keyId: 'routingKey' } });
    await sender.stop();
    expect(await texts({ keys: [old], routingKey })).toEqual(['1']);
  });

  it('is SPOOL_SEAL_BROKEN if another key has its id', async () => {
    await spool([old], toBob('1'));
    const { sender, transport, eventsOf } = aliceSeals(root, { keys: [{ id: 'old', key: newKey() }], routingKey });
    await sender.flush();
    expect(transport.delivered).toEqual([]);
    expect(eventsOf('warning')[0]?.error).toMatchObject({ code: 'SPOOL_SEAL_BROKEN', details: { keyId: 'old' } });
    expect((await sender.stats()).states).toMatchObject({ spooled: 1, dead: 0 });
    await sender.stop();
    expect(await texts({ keys: [old], routingKey })).toEqual(['1']);
  });
});

describe('options', () => {
  const key = newKey();
  const good = { keys: [{ id: 'k', key }], routingKey };
  it.each<[string, unknown]>([
    ['no keys', { ...good, keys: [] }],
    ['an id with other characters', { ...good, keys: [{ id: 'a.b', key }] }],
    [
      'an id twice',
      {
        ...good,
        keys: [
          { id: 'k', key },
          { id: 'k', key: newKey() },
        ],
      },
    ],
    ['a short key', { ...good, keys: [{ id: 'k', key: new Uint8Array(16) }] }],
    ['a key as text', { ...good, keys: [{ id: 'k', key: 'x'.repeat(32) }] }],
    ['no routing key', { keys: good.keys }],
    ['a short routing key', { ...good, routingKey: new Uint8Array(31) }],
    ['one key for both', { keys: good.keys, routingKey: Uint8Array.from(key) }],
    ['nothing', undefined],
  ])('%s is OPTION_INVALID, and no key appears in the error', (_what, options) => {
    let error: unknown;
    try {
      sealed(new MemorySpool(), options as SealOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(String(error)).not.toContain(`${key[0]},${key[1]}`);
  });

  it('a spool without refreeze is OPTION_INVALID', () => {
    const spool = Object.assign(Object.create(new MemorySpool()), { refreeze: undefined });
    expect(() => sealed(spool, good)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('the caller may erase its keys afterwards', async () => {
    const mine = newKey();
    const storage = sealed(new MemorySpool(), { keys: [{ id: 'k', key: mine }], routingKey });
    mine.fill(0);
    expect(storage.capabilities).toEqual({ durable: false, shared: false });
  });
});

it('a platform that cannot load a key now is asked again, and the failure has a code', async () => {
  const { sender } = aliceSeals(root, { keys: [old], routingKey });
  const importKey = vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('no memory', 'OperationError'));
  try {
    await expect(sender.send(toBob('1'))).rejects.toMatchObject({ code: 'SPOOL_FAILED' });
  } finally {
    importKey.mockRestore();
  }
  await expect(sender.send(toBob('1'))).resolves.toMatchObject({ duplicate: false });
  await sender.stop();
});
