import { describe, expect, it } from 'vitest';
import { IndexedDbSpool } from '../../../src/indexeddb.ts';
import { OfflineImSender } from '../../../src/sender/sender.ts';
import { FakeTransport } from '../../support/fake-transport.ts';
import { aliceSends } from '../../support/sender-fixture.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { FakeBrowser } from './fixture.ts';

describe('IndexedDbSpool and other tabs', () => {
  it('is locked while another tab has it, and free as soon as that one is gone', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a')]);
    const second = browser.tab();
    await expect(second.spool.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
    await browser.open({ name: 'another spool' });
    first.die();
    await second.spool.open(browser.context());
    expect(await statesOf(second.spool)).toEqual({ a: 'spooled' });
    await second.spool.close();
    expect(browser.origin.isHeld('offline-im:offline-im')).toBe(false);
  });

  it('waits as long as configured, by default a second for a page being reloaded', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    const second = browser.tab({ waitForLock: 1_000 });
    const refused = expect(second.spool.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
    await browser.clock.advance(1_000);
    await refused;
    const opening = second.spool.open(browser.context());
    await browser.clock.advance(500);
    first.die();
    await opening;
    expect(browser.clock.pending).toBe(0);
    expect(await second.spool.counts()).toMatchObject({ spooled: 0 });
  });

  it('that waits forever stops waiting when it is closed, and can be opened again', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    const { spool } = browser.tab({ waitForLock: Number.POSITIVE_INFINITY });
    const opening = expect(spool.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    await spool.close();
    await opening;
    await first.spool.close();
    await spool.open(browser.context());
    expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
  });

  it.each(['after the time-out of its stop()', 'as soon as the signal of its stop() aborts'])(
    'lets a waiting sender go, %s',
    async (when) => {
      const browser = new FakeBrowser();
      await browser.open();
      const { spool } = browser.tab({ waitForLock: Number.POSITIVE_INFINITY });
      const { sender, clock } = aliceSends({ spool });
      const closed = { code: 'SPOOL_CLOSED' };
      const starting = expect(sender.start()).rejects.toMatchObject(closed);
      const sending = expect(sender.send({ to: 'sip:bob@contoso.com', text: 'Hi' })).rejects.toMatchObject(closed);
      await clock.advance(0);
      const hurry = new AbortController();
      let stopped = false;
      const stopping = sender.stop({ timeout: 5_000, signal: hurry.signal }).then(() => {
        stopped = true;
      });
      await clock.advance(4_999);
      expect(stopped).toBe(false);
      if (when.startsWith('after')) await clock.advance(1);
      else hurry.abort();
      await Promise.all([starting, sending, stopping]);
    },
  );

  it('lets a waiting sender go once it is closed', async () => {
    const browser = new FakeBrowser();
    await browser.open();
    const { spool } = browser.tab({ waitForLock: Number.POSITIVE_INFINITY });
    const sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      spool,
      transport: new FakeTransport(),
    });
    const starting = expect(sender.start()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    const sending = expect(sender.send({ to: 'sip:bob@contoso.com', text: 'Hi' })).rejects.toMatchObject({
      code: 'SPOOL_CLOSED',
    });
    // A turn later, after the call to the browser.
    await new Promise((resolve) => setImmediate(resolve));
    await spool.close();
    await Promise.all([starting, sending]);
    await sender.stop();
  });

  it('closes itself with a warning when its lock is stolen or its database deleted', async () => {
    const browser = new FakeBrowser();
    const stolen = await browser.open();
    browser.origin.steal('offline-im:offline-im');
    await new Promise((resolve) => setImmediate(resolve));
    await expect(stolen.spool.append([newEntry('a')])).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    const { spool } = await browser.open();
    await spool.append([newEntry('b')]);
    const deleted = new Promise((resolve) => {
      browser.indexedDB.deleteDatabase('offline-im').onsuccess = resolve;
    });
    await deleted;
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED', cause: { code: 'SPOOL_CLOSED' } });
    expect(browser.warnings).toMatchObject([{ code: 'SPOOL_CLOSED' }, { code: 'SPOOL_CLOSED' }]);
    await spool.open(browser.context());
    expect(await statesOf(spool)).toEqual({});
  });

  it('reports what it lacks', async () => {
    const browser = new FakeBrowser();
    expect(() => new IndexedDbSpool({ name: '' })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => new IndexedDbSpool({ waitForLock: -1 })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    const none = new IndexedDbSpool({ locks: browser.origin.tab() });
    await expect(none.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
    const refused = new IndexedDbSpool({
      indexedDB: browser.indexedDB,
      locks: { request: () => Promise.reject(Object.assign(new Error('no'), { name: 'SecurityError' })) },
    });
    await expect(refused.open(browser.context())).rejects.toMatchObject({ code: 'SPOOL_ROOT_UNUSABLE' });
  });

  it('leaves alone a database that is newer, or of another program', async () => {
    const browser = new FakeBrowser();
    (await browser.database('newer', 99)).close();
    await expect(browser.open({ name: 'newer' })).rejects.toMatchObject({ code: 'SPOOL_VERSION' });
    (await browser.database('other', 1, (database) => database.createObjectStore('theirs'))).close();
    await expect(browser.open({ name: 'other' })).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    expect(browser.origin.isHeld('offline-im:other')).toBe(false);
  });

  it('keeps a note and its members together, even if a tab dies twice', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b')]);
    await first.spool.claim(claimRequest({ ignorePickup: true }));
    first.die();
    const second = await browser.open();
    await second.spool.cancel(['a']);
    second.die();
    const { spool } = await browser.open();
    expect(await statesOf(spool)).toEqual({ a: 'unconfirmed', b: 'unconfirmed' });
    expect(await spool.get('a')).toMatchObject({ cancelRequested: true });
    const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(probe?.entries.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(probe?.unknownAttempts).toHaveLength(1);
  });
});
