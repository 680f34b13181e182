import { describe, expect, it } from 'vitest';
import { SharedClock } from '../../../src/spool/sqlite/stores/stores.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

const hour = 3_600_000;

describe('the clock of a spool shared by several processes', () => {
  it.each([hour, -hour])('continues when the wall clock is set by %i ms, whichever process reads it first', async (jump) => {
    const wall = new ManualClock();
    const [one, other] = [new SharedClock(wall), new SharedClock(wall)];
    let offset = 0;
    const look = (clock: SharedClock): number => {
      const time = clock.read(offset);
      offset = time.offset;
      return time.now;
    };
    const start = look(one);
    look(other);
    wall.setWall(wall.now() + jump);
    expect([look(other), look(one), look(other)]).toEqual([start, start, start]);
    await wall.advance(1_000);
    expect([look(one), look(other)]).toEqual([start + 1_000, start + 1_000]);
    expect(look(new SharedClock(wall))).toBe(start + 1_000);
  });

  it.each([hour, -hour])('set by %i ms ends no lease and moves no pickup time, for processes old and new', async (jump) => {
    await using at = await world();
    const clock = new ManualClock();
    const one = await at.open({ clock });
    const other = await at.open({ clock });
    await one.append([newEntry('now', { pickupIn: 0, conversationId: 'a' }), newEntry('later', { conversationId: 'b' })]);
    const [note] = await one.claim(claimRequest({ lease: 60_000 }));
    await other.counts();
    clock.setWall(clock.now() + jump);
    expect((await other.get('now'))?.state).toBe('delivering');
    await other.append([newEntry('another', { conversationId: 'c' })]);
    const third = await at.open({ clock });
    expect((await third.get('now'))?.state).toBe('delivering');
    await clock.advance(59_000);
    expect(await one.renew([note?.token ?? ''], 60_000)).toEqual([]);
    expect(await third.claim(claimRequest())).toEqual([]);
    await clock.advance(60_999);
    expect((await third.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual([]);
    await clock.advance(1);
    expect((await other.get('now'))?.state).toBe('unconfirmed');
    const claimed = await third.claim(claimRequest());
    expect(claimed.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['another', 'later']);
  });

  it('recovers when a process has taken a changed wall clock for its own: no entry is stranded', async () => {
    await using at = await world();
    const clock = new ManualClock();
    const one = await at.open({ clock });
    await one.append([newEntry('a', { conversationId: 'a' })]);
    clock.setWall(clock.now() + hour);
    // It opens before the first has polled again.
    const early = await at.open({ clock });
    await early.append([newEntry('b', { conversationId: 'b' })]);
    await one.append([newEntry('c', { conversationId: 'c' })]);
    await clock.advance(120_000);
    for (const spool of [one, early]) expect(await spool.nextDue()).toBe(0);
    const claimed = await one.claim(claimRequest());
    expect(claimed.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['a', 'b', 'c']);
  });
});
