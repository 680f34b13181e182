/** A message accepted during a copy is left out of the copy entirely: a part of it would pass for the whole when it is accepted again. */
import { describe, expect, it } from 'vitest';
import { FileSpool } from '../../../src/file.ts';
import type { NewSpoolEntry } from '../../../src/spool/contract.ts';
import { ManualClock } from '../../../src/testing.ts';
import { ForgetfulDisk } from '../../support/forgetful-disk.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

const day = 86_400_000;
const own = (id: string, parts: Partial<NewSpoolEntry> = {}) => newEntry(id, { pickupIn: 0, conversationId: id, ...parts });
const late = { messageId: 'late', contentHash: 'late' };

/** A spool that shows the content of its copy. */
class Copied extends FileSpool {
  /** States by id. `meanwhile` runs once, after the first step. */
  async copy(meanwhile: () => Promise<void>): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    let steps = 0;
    await this.inSteps(
      async (records) => records.map(({ fixed, status }) => [fixed.id, status.state] as const),
      async (step) => {
        Object.assign(found, Object.fromEntries(step));
        steps += 1;
        if (steps === 1) await meanwhile();
      },
    );
    return found;
  }
}

async function opened(): Promise<Copied> {
  const spool = new Copied({ root: '/spool', files: new ForgetfulDisk().layer() });
  await spool.open({ clock: new ManualClock(), tombstones: day });
  return spool;
}

async function deliver(spool: FileSpool): Promise<void> {
  const notes = await spool.claim(claimRequest());
  await spool.settle(notes.map(({ token }) => ({ token, to: 'delivered' })));
}

describe('a copy of a spool in use', () => {
  it('omits messages that arrived meanwhile, even those that have ended', async () => {
    const spool = await opened();
    await spool.append([own('waits', { pickupIn: day }), own('ends', { pickupIn: day }), own('ended')]);
    await deliver(spool);
    const copy = await spool.copy(async () => {
      await spool.append([own('one', late), own('other', { ...late, audience: 'federated', pickupIn: day }), own('whole')]);
      await deliver(spool);
      await spool.cancel(['ends']);
    });
    expect(await statesOf(spool)).toMatchObject({ one: 'delivered', other: 'spooled', whole: 'delivered' });
    expect(copy).toEqual({ waits: 'spooled', ends: 'spooled', ended: 'delivered' });
  });

  it('keeps the end of an entry that was released, and moved in the order, meanwhile', async () => {
    const spool = await opened();
    const many = Array.from({ length: 600 }, (_, index) => own(`w${index}`, { pickupIn: day }));
    await spool.append([...many, own('held')]);
    await spool.hold(['held']);
    const copy = await spool.copy(async () => {
      await spool.release(['held']);
      await deliver(spool);
      // So many end that it is no longer in memory.
      await spool.cancel(many.slice(0, 500).map(({ id }) => id));
      await spool.counts();
    });
    expect(copy.held).toBe('delivered');
  });

  it('includes all of a message that partly joined an existing note', async () => {
    const spool = await opened();
    const many = Array.from({ length: 299 }, (_, index) => own(`w${index}`, { pickupIn: day }));
    await spool.append([...many, own('last')]);
    const copy = await spool.copy(async () => {
      const joined = { ...late, conversationId: 'last' };
      await spool.append([own('one', joined), own('other', { ...late, audience: 'federated', pickupIn: day })]);
      const [note] = await spool.claim(claimRequest());
      expect(note?.entries.map(({ id }) => id)).toEqual(['last', 'one']);
    });
    expect(copy).toMatchObject({ last: 'delivering', one: 'delivering', other: 'spooled' });
  });
});
