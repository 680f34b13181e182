import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { AppendResult, NewSpoolEntry } from '../../../src/spool/contract.ts';
import { appendMessage, appendStorable, byMessage } from '../../../src/spool/state/append.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { Scene } from './scene.ts';

describe('– → spooled', () => {
  it('is due when its pickup delay is over, and expires when its expiry is reached', () => {
    const scene = new Scene();
    expect(scene.append('a', { pickupIn: 120, expiresIn: 5_000 })).toEqual({
      status: 'appended',
      messageId: 'm-a',
      entryIds: ['a'],
    });
    const { message, pickupIn: _pickupIn, ...rest } = newEntry('a', { expiresIn: 5_000 });
    expect(scene.entry('a').fixed).toEqual({ ...rest, to: message.to, acceptedAt: 1_000_000, pickupAt: 1_000_120 });
    expect(scene.entry('a').status).toEqual({
      state: 'spooled',
      rev: 1,
      order: 1,
      due: { at: 1_000_120, within: 120 },
      expiresAt: 1_005_000,
      single: false,
      unknownAttempts: [],
      cancelRequested: false,
      attempt: 0,
    });
  });

  it('goes to the end of the order', () => {
    const scene = new Scene();
    scene.append('a');
    scene.append('b');
    expect([scene.entry('a').status.order, scene.entry('b').status.order]).toEqual([1, 2]);
  });

  it('has all entries of a message in order, next to each other', () => {
    const scene = new Scene();
    const both = ['a', 'b'].map((id) => newEntry(id, { messageId: 'm' }));
    expect(scene.run((tx) => appendMessage(tx, both, 0))).toEqual({ status: 'appended', messageId: 'm', entryIds: ['a', 'b'] });
    expect([scene.entry('a').status.order, scene.entry('b').status.order]).toEqual([1, 2]);
  });

  it('never has a time that a Date cannot represent', () => {
    const scene = new Scene();
    scene.append('a', { pickupIn: 9e15, expiresIn: 9e15 });
    expect(scene.entry('a')).toMatchObject({
      fixed: { pickupAt: 8.64e15 },
      status: { expiresAt: 8.64e15, due: { at: 8.64e15 } },
    });
  });
});

describe('a known message', () => {
  it('is a duplicate with the same content, whatever happened to it; a conflict with other content', () => {
    const scene = new Scene();
    scene.append('a');
    const again = (parts: Partial<NewSpoolEntry>) => scene.append('z', { messageId: 'm-a', ...parts });
    expect(again({ contentHash: 'hash of a' })).toEqual({ status: 'duplicate', messageId: 'm-a', entryIds: ['a'] });
    expect(again({ contentHash: 'another' })).toEqual({ status: 'conflict', messageId: 'm-a' });
    expect(scene.table.entry('z')).toBeUndefined();
    scene.run((tx) => tx.move(scene.entry('a'), 'delivered', { endedAt: 1 }));
    expect(again({ contentHash: 'hash of a' })).toMatchObject({ status: 'duplicate' });
  });

  it('is a conflict if one of its entries differs', () => {
    const scene = new Scene();
    scene.run((tx) => {
      appendMessage(
        tx,
        [newEntry('a', { messageId: 'm', contentHash: 'x' }), newEntry('b', { messageId: 'm', contentHash: 'y' })],
        0,
      );
    });
    expect(scene.append('z', { messageId: 'm', contentHash: 'x' })).toMatchObject({ status: 'conflict' });
  });

  it('is recognised within the same operation too', () => {
    const scene = new Scene();
    const second = scene.run((tx) => {
      appendMessage(tx, [newEntry('a', { messageId: 'm' })], 0);
      return appendMessage(tx, [newEntry('b', { messageId: 'm', contentHash: 'hash of a' })], 0);
    });
    expect(second).toEqual({ status: 'duplicate', messageId: 'm', entryIds: ['a'] });
  });
});

describe('the entries of an append', () => {
  const given = [newEntry('a', { messageId: '1' }), newEntry('b', { messageId: '2' }), newEntry('c', { messageId: '1' })];

  it('are grouped by message, in order of first appearance', () => {
    expect([...byMessage(given)].map(([id, entries]) => [id, entries.map((entry) => entry.id)])).toEqual([
      ['1', ['a', 'c']],
      ['2', ['b']],
    ]);
  });

  const stored = async (entries: readonly NewSpoolEntry[]) => {
    const asked: string[][] = [];
    const append = async (some: readonly NewSpoolEntry[]): Promise<AppendResult[]> => {
      asked.push(some.map(({ id }) => id));
      return [...byMessage(some).keys()].map((messageId) => ({ messageId, status: 'appended', entries: [] }));
    };
    return { results: await appendStorable(entries, append), asked };
  };

  it('are stored together if all can be stored; the results are in order of the messages', async () => {
    const { results, asked } = await stored(given);
    expect(asked).toEqual([['a', 'b', 'c']]);
    expect(results.map(({ messageId, status }) => [messageId, status])).toEqual([
      ['1', 'appended'],
      ['2', 'appended'],
    ]);
  });

  it('fail with their whole message if one cannot be stored; the others are kept, in order', async () => {
    const { results, asked } = await stored([
      ...given.slice(0, 2),
      newEntry('c', { messageId: '1', lane: '' }),
      newEntry('d', { messageId: '3' }),
    ]);
    expect(asked).toEqual([['b', 'd']]);
    expect(results).toMatchObject([
      { messageId: '1', status: 'failed', kept: 'no', error: { code: 'MESSAGE_INVALID' } },
      { messageId: '2', status: 'appended' },
      { messageId: '3', status: 'appended' },
    ]);
  });

  it('are not stored if none can be', async () => {
    const { results, asked } = await stored([newEntry('a', { id: '' })]);
    expect(asked).toEqual([]);
    expect(results).toMatchObject([{ messageId: 'm-a', status: 'failed' }]);
  });

  it('reject for errors not caused by the message', async () => {
    const broken = new Proxy(newEntry('a'), {
      get: (entry, name) => {
        if (name === 'lane') throw new TypeError('a defect');
        return Reflect.get(entry, name);
      },
    });
    await expect(stored([broken])).rejects.toThrow(TypeError);
    await expect(stored([broken])).rejects.not.toBeInstanceOf(OfflineImError);
  });
});
