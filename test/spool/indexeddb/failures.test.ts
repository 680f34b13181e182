import { IDBDatabase, IDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { IdbDatabase, IdbRequest, IdbStore } from '../../../src/indexeddb.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { FakeBrowser } from './fixture.ts';

interface NamedStore extends IdbStore {
  readonly name: string;
}

const stores = IDBObjectStore.prototype as unknown as NamedStore;
const databases = IDBDatabase.prototype as unknown as IdbDatabase;

afterEach(() => vi.restoreAllMocks());

const reason = { code: 'EWS_ERROR', text: 'busy' } as const;

/** The error of the next `put` in that store. */
function failingPut(store: string, name: string): void {
  const { put } = stores;
  vi.spyOn(stores, 'put').mockImplementation(function (this: NamedStore, value, key) {
    if (this.name === store) throw Object.assign(new Error(name), { name });
    return put.call(this, value, key);
  });
}

describe('IndexedDbSpool when the browser fails', () => {
  it('requests strict durability, once per write', async () => {
    const { spool } = await new FakeBrowser().open();
    const begun = vi.spyOn(databases, 'transaction');
    await Promise.all([spool.append([newEntry('a')]), spool.append([newEntry('b')])]);
    expect(begun.mock.calls.map(([, mode, options]) => [mode, options])).toEqual([['readwrite', { durability: 'strict' }]]);
  });

  it('keeps nothing of a message beyond the quota, and goes on', async () => {
    const { spool } = await new FakeBrowser().open();
    await spool.append([newEntry('a')]);
    failingPut('messages', 'QuotaExceededError');
    expect(await spool.append([newEntry('b')])).toMatchObject([{ status: 'failed', kept: 'no' }]);
    vi.restoreAllMocks();
    expect(await statesOf(spool)).toEqual({ a: 'spooled' });
    expect(await spool.append([newEntry('b')])).toMatchObject([{ status: 'appended' }]);
  });

  it('closes itself if the browser does not tell what it kept', async () => {
    const browser = new FakeBrowser();
    const { spool } = await browser.open();
    await spool.append([newEntry('a')]);
    const { transaction } = databases;
    vi.spyOn(databases, 'transaction').mockImplementation(function (this: IdbDatabase, ...args) {
      const begun = transaction.apply(this, args);
      queueMicrotask(() => begun.abort());
      return begun;
    });
    expect(await spool.append([newEntry('b')])).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    vi.restoreAllMocks();
    await expect(spool.get('a')).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
    expect(browser.origin.isHeld('offline-im:offline-im')).toBe(false);
    const again = await browser.open();
    expect(await statesOf(again.spool)).toEqual({ a: 'spooled' });
  });

  it('reads a message only when it is claimed or shown', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b', { conversationId: 'other' })]);
    await first.spool.close();
    const read: string[] = [];
    const { get } = stores;
    vi.spyOn(stores, 'get').mockImplementation(function (this: NamedStore, key) {
      if (this.name === 'messages') read.push(String(key));
      return get.call(this, key);
    });
    const all = vi.spyOn(stores, 'getAll');
    const { spool } = await browser.open();
    expect(all.mock.contexts.map((store) => (store as NamedStore).name)).toEqual(['entries', 'notes']);
    await spool.counts();
    expect(read).toEqual([]);
    await spool.claim(claimRequest({ ignorePickup: true, limit: 1 }));
    expect(read).toEqual(['a']);
  });
});

describe('IndexedDbSpool and unreadable rows', () => {
  it('sets an entry aside unchanged, and goes on with the rest', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b')]);
    await first.spool.close();
    await browser.row('entries', 'a', (row) => ({ ...row, status: 'no status' }));
    const { spool } = await browser.open();
    expect(browser.corrupt).toEqual(['offline-im/entries/a']);
    expect(await statesOf(spool)).toEqual({ b: 'spooled' });
    await spool.close();
    expect(await browser.row('corrupt', 'entries/a')).toMatchObject({ store: 'entries', value: { status: 'no status' } });
    await browser.open();
    expect(browser.corrupt).toHaveLength(1);
  });

  it('sets a message aside with its entry when it is claimed, and claims the rest of the note', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b'), newEntry('c')]);
    await first.spool.close();
    await browser.row('messages', 'a', (row) => ({ ...row, text: 4711 }));
    await browser.row('messages', 'b', () => undefined);
    const { spool } = await browser.open();
    const [note] = await spool.claim(claimRequest({ ignorePickup: true }));
    expect(note?.entries.map(({ id }) => id)).toEqual(['c']);
    expect(browser.corrupt).toEqual(['offline-im/messages/a', 'offline-im/messages/b']);
    await spool.settle([{ token: note?.token ?? '', to: 'delivered' }]);
    await spool.close();
    const again = await browser.open();
    expect(await statesOf(again.spool)).toEqual({ c: 'delivered' });
  });

  it('makes the members of a lost note dead, and sends none again', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b', { conversationId: 'other' })]);
    const notes = await first.spool.claim(claimRequest({ ignorePickup: true }));
    const [lost, kept] = notes;
    await first.spool.settle(notes.map(({ token }) => ({ token, to: 'deferred', after: 0, failure: true, reason })));
    await first.spool.close();
    await browser.row('notes', lost?.noteId ?? '', (row) => ({ ...row, attempt: -1 }));
    const { spool } = await browser.open();
    expect(await statesOf(spool)).toEqual({ a: 'dead', b: 'deferred' });
    expect(await spool.get('a')).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' }, message: { text: 'text of a' } });
    expect((await spool.claim(claimRequest())).map(({ noteId }) => noteId)).toEqual([kept?.noteId]);
    expect(browser.corrupt).toEqual([`offline-im/notes/${lost?.noteId}`]);
    await spool.close();
    const again = await browser.open();
    expect(await statesOf(again.spool)).toMatchObject({ a: 'dead' });
  });

  it('reads rows one by one if the browser cannot return all of them', async () => {
    const browser = new FakeBrowser();
    const first = await browser.open();
    await first.spool.append([newEntry('a'), newEntry('b')]);
    await first.spool.close();
    const { get, getAll } = stores;
    vi.spyOn(stores, 'getAll').mockImplementation(function (this: NamedStore) {
      return this.name === 'entries' ? failed() : getAll.call(this);
    });
    vi.spyOn(stores, 'get').mockImplementation(function (this: NamedStore, key) {
      return key === 'a' ? failed() : get.call(this, key);
    });
    const { spool } = await browser.open();
    expect(await statesOf(spool)).toEqual({ b: 'spooled' });
    expect(browser.corrupt).toEqual(['offline-im/entries/a']);
  });
});

/** A request for a value that the browser has but cannot return. */
function failed<Result>(): IdbRequest<Result> {
  const request = new EventTarget();
  queueMicrotask(() => request.dispatchEvent(new Event('error', { cancelable: true })));
  return Object.assign(request, { error: { name: 'DataError', message: 'a value' }, result: undefined as Result });
}
