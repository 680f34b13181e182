import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/core/joined.ts';
import { migrate } from '../../../src/spool/sqlite/connection/schema.ts';
import { LaneStore } from '../../../src/spool/sqlite/stores/lanes.ts';

const ever = Number.MAX_SAFE_INTEGER;

/** Lanes of one stream each, in a database of their own. */
function laneScene() {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  const store = new LaneStore(database);
  const put = database.prepare('INSERT OR REPLACE INTO streams (key, lane, deferred, due_at, due_within) VALUES (?, ?, 0, ?, 0)');
  const drop = database.prepare('DELETE FROM streams WHERE key = ?');
  let rev = 0;
  return {
    store,
    database,
    set(lane: string, at: number | undefined, key = lane) {
      if (at === undefined) drop.run(key);
      else put.run(key, lane, at);
      store.touch(lane);
      store.refresh();
    },
    served(lane: string, at: number) {
      rev += 1;
      store.served(lane, 'deliver', at, rev);
      store.refresh();
    },
    met: (by: number, except: readonly string[], limit = ever) => [...store.inTurn('deliver', by, limit, { except })],
    next: (except: readonly string[]) => store.next('deliver', { except }),
  };
}

describe('the lanes of a SqliteSpool in turn', () => {
  const names = Array.from({ length: 80 }, (_, index) => `m${index}`);
  const lists = [names.slice(0, 40), names.slice(20, 75), names.slice(60), names.slice(0, 3), ['m70']];

  it('match a scan of the whole table, whatever was excluded, served, added and finished before', () => {
    const except = fc.array(fc.constantFrom(...lists), { maxLength: 3 }).map((some) => joined(some));
    const name = fc.constantFrom(...names);
    const at = fc.integer({ min: 0, max: 30 });
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), except, by: fc.oneof(at, fc.constant(ever)) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('next' as const), except }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), name, at: fc.option(at, { nil: undefined }) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('serve' as const), name, at }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('take' as const), except, by: at, most: fc.integer({ min: 1, max: 5 }) }),
      },
    );
    fc.assert(
      fc.property(fc.dictionary(name, at, { minKeys: 40 }), fc.array(step, { minLength: 3, maxLength: 25 }), (first, steps) => {
        const { database, set, served, met, next } = laneScene();
        for (const [lane, due] of Object.entries(first)) set(lane, due);
        const whole = (by: number, without: readonly string[]) =>
          database
            .prepare(
              'SELECT lane, deliver_turn AS turn FROM lanes WHERE deliver_turn <= ? ORDER BY deliver_turn, deliver_rev, lane',
            )
            .all(by)
            .filter(({ lane }) => !without.includes(String(lane)));
        for (const one of steps) {
          if (one.do === 'set') set(one.name, one.at);
          else if (one.do === 'serve') served(one.name, one.at);
          else if (one.do === 'next') expect(next(one.except)).toBe(whole(ever, one.except)[0]?.turn);
          else if (one.do === 'take') {
            const taken = met(one.by, one.except, one.most);
            expect(taken).toHaveLength(Math.min(one.most, whole(one.by, one.except).length));
            for (const lane of taken) served(lane, one.by);
          } else {
            const turns = new Map(whole(ever, []).map(({ lane, turn }) => [lane, turn]));
            const found = met(one.by, one.except);
            expect([...found].sort()).toEqual(
              whole(one.by, one.except)
                .map(({ lane }) => lane)
                .sort(),
            );
            expect(found.map((lane) => turns.get(lane))).toEqual(whole(one.by, one.except).map(({ turn }) => turn));
          }
        }
        database.close();
      }),
      { numRuns: 60 },
    );
  });

  it('are found without visiting thousands of excluded ones, once their list is known', () => {
    const { store, set, served, met, next } = laneScene();
    const fleet = Array.from({ length: 5_000 }, (_, index) => `s${index}`);
    for (const lane of fleet) set(lane, 1);
    set('well', 2);
    const visits = (act: () => void): number => {
      const before = store.visits;
      act();
      return store.visits - before;
    };
    const ask = (few: readonly string[], trial: readonly string[] = []) => {
      const except = joined([fleet, trial, few]);
      expect(met(1_000, except)).toEqual(few.includes('well') ? [] : ['well']);
      expect(next(except) === undefined).toBe(few.includes('well'));
    };
    ask([]);
    expect(visits(() => ask([]))).toBeLessThan(8);
    expect(visits(() => ask(['busy']))).toBeLessThan(8);
    expect(visits(() => ask(['well']))).toBeLessThan(8);
    expect(
      visits(() => {
        for (let time = 3; time < 103; time++) {
          served('well', time);
          // Every lane in progress is a different list each time.
          ask(Array.from({ length: 100 }, (_, index) => `busy${index}`));
        }
      }),
    ).toBeLessThan(800);
    // An excluded lane is served by another claim, and comes back: it is still excluded.
    served('s7', 5);
    set('s8', undefined);
    set('s8', 0);
    expect(visits(() => ask([]))).toBeLessThan(8);
  });

  it('keep their turn while all their entries are in progress: a long conversation starves no other lane', () => {
    const { set, served, met } = laneScene();
    set('long', 0, 'long/1');
    for (const key of ['one', 'two', 'three']) set('other', 1, key);
    const order: string[] = [];
    for (let now = 10; now < 16; now++) {
      const [lane = ''] = met(now, [], 1);
      order.push(lane);
      const key = lane === 'long' ? 'long/1' : 'one';
      served(lane, now);
      set(lane, undefined, key);
      // It was delivered: the next message of that conversation has long been due.
      set(lane, 0, key);
    }
    expect(order).toEqual(['long', 'other', 'long', 'other', 'long', 'other']);
  });
});
