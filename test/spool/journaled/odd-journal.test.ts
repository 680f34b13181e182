/** A host's journal that throws, or resolves with, something invalid: every call of its spool ends with a code, and no accepted message is lost. */
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/spool/journaled/journal.ts';
import { JournalError } from '../../../src/spool/journaled/journal.ts';
import { JournaledSpool } from '../../../src/spool/journaled/journaled-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { hostileValues } from '../../support/hostile-values.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { FakeJournal } from './fake-journal.ts';

const values: readonly (readonly [string, () => unknown])[] = [
  ...Object.entries(hostileValues),
  ['null', () => null],
  ['a number', () => 7],
  ['an empty text', () => ''],
  ['a list', () => []],
  ['an object', () => ({})],
  ['lists of another name', () => ({ entry: [], note: [] })],
  ['no lists', () => ({ entries: {}, notes: 'x' })],
];

/** What the journal does at its next call of that name. */
class OddJournal extends FakeJournal {
  odd: { readonly call: 'open' | 'read' | 'write' | 'admin'; readonly act: () => unknown } | undefined;
  readonly admin = {
    read: async () => (await this.#oddly('admin', undefined)) as string | undefined,
    write: async () => void (await this.#oddly('admin', undefined)),
  };

  async #oddly(call: string, usual: unknown): Promise<unknown> {
    const { odd } = this;
    if (odd?.call !== call) return usual;
    this.odd = undefined;
    return odd.act();
  }

  override async open() {
    return (await this.#oddly('open', { entries: [], notes: [] })) as Awaited<ReturnType<Journal['open']>>;
  }

  override async read(records: Parameters<FakeJournal['read']>[0]) {
    return (await this.#oddly('read', super.read(records))) as Awaited<ReturnType<FakeJournal['read']>>;
  }

  override async write(change: Parameters<FakeJournal['write']>[0]) {
    await this.#oddly('write', undefined);
    return super.write(change);
  }
}

function thrower(value: () => unknown): () => never {
  return () => {
    throw value();
  };
}

const failed = expect.objectContaining({ name: 'OfflineImError', code: 'SPOOL_FAILED' });
const context = () => ({ clock: new ManualClock(), tombstones: 3_600_000 });

async function opened() {
  const journal = new OddJournal();
  const spool = new JournaledSpool({ name: 'fake', durable: true, journal });
  await spool.open(context());
  await spool.append([newEntry('a')]);
  return { journal, spool };
}

describe.each(values)('%s', (_, value) => {
  it('thrown or resolved by open() results in a code, and the next opening works', async () => {
    for (const act of [thrower(value), thrower(() => new JournalError('unknown', value())), value]) {
      const journal = new OddJournal();
      const spool = new JournaledSpool({ name: 'fake', durable: true, journal });
      journal.odd = { call: 'open', act };
      await expect(spool.open(context())).rejects.toEqual(failed);
      await spool.open(context());
      expect(await spool.append([newEntry('a')])).toMatchObject([{ status: 'appended' }]);
    }
  });

  it('thrown or resolved by read() results in a code; no message counts as missing, and the spool goes on', async () => {
    for (const act of [thrower(value), thrower(() => new JournalError('no', value())), value]) {
      const { journal, spool } = await opened();
      journal.odd = { call: 'read', act };
      await expect(spool.claim(claimRequest({ ignorePickup: true }))).rejects.toEqual(failed);
      expect(await spool.claim(claimRequest({ ignorePickup: true }))).toHaveLength(1);
    }
  });

  it('thrown by write(): nothing is reported as accepted', async () => {
    const { journal, spool } = await opened();
    journal.odd = { call: 'write', act: thrower(value) };
    expect(await spool.append([newEntry('b')])).toMatchObject([{ status: 'failed', kept: 'unknown' }]);
    await expect(spool.counts()).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });

  it('thrown by admin results in a code', async () => {
    const { journal, spool } = await opened();
    journal.odd = { call: 'admin', act: thrower(value) };
    await expect(spool.admin?.paused()).rejects.toEqual(failed);
  });
});

it.each([
  ['undefined', undefined],
  ['a Set', new Set()],
])('%s resolved by read() leaves accepted entries in place', async (_, value) => {
  const { journal, spool } = await opened();
  journal.odd = { call: 'read', act: () => value };
  await expect(spool.claim(claimRequest({ ignorePickup: true }))).rejects.toEqual(failed);
  expect(await spool.claim(claimRequest({ ignorePickup: true }))).toHaveLength(1);
});
