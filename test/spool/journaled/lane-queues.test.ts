import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/core/joined.ts';
import { LaneQueues, type Stream, Streams } from '../../../src/spool/journaled/lane-queues.ts';
import { streamKey } from '../../../src/spool/state/records.ts';

const names = Array.from({ length: 60 }, (_, index) => `m${index}`);
const someNames = fc.subarray(names);

function filled(lanes: readonly string[], at = 0): LaneQueues {
  const queues = new LaneQueues();
  for (const lane of lanes) queues.set(lane, `${lane}/key`, at);
  return queues;
}

describe('lanes in turn', () => {
  it('are those due and not excluded, each once, whatever was excluded before', () => {
    const filter = fc.oneof(
      someNames.map((only) => ({ only })),
      fc.tuple(someNames, someNames).map(([long, few]) => ({ except: joined([long, few]) })),
    );
    const ask = fc.record({ filter, by: fc.integer({ min: 0, max: 20 }) });
    const dues = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 0, max: 20 }));
    fc.assert(
      fc.property(dues, fc.array(ask, { minLength: 1, maxLength: 6 }), (due, asked) => {
        const queues = new LaneQueues();
        for (const [lane, at] of Object.entries(due)) queues.set(lane, 'key', at);
        for (const { filter: lanes, by } of asked) {
          const lets = (lane: string): boolean => ('only' in lanes ? lanes.only.includes(lane) : !lanes.except.includes(lane));
          const wanted = Object.entries(due).filter(([lane]) => lets(lane));
          const found = [...queues.inTurn(by, lanes)];
          expect([...found].sort()).toEqual(wanted.flatMap(([lane, at]) => (at <= by ? lane : [])).sort());
          expect(found.map((lane) => due[lane])).toEqual(found.map((lane) => due[lane]).sort((a = 0, b = 0) => a - b));
          const times = wanted.map(([, at]) => at);
          expect(queues.earliest(lanes)).toBe(times.length === 0 ? undefined : Math.min(...times));
        }
        const all = Object.values(due);
        expect(queues.earliest()).toBe(all.length === 0 ? undefined : Math.min(...all));
      }),
    );
  });

  it('that were served come after those that were not, in the order in which they were served', () => {
    const queues = filled(['a', 'b', 'c']);
    const first = [...queues.inTurn(5)];
    for (const lane of [...first].reverse()) queues.served(lane, 5);
    queues.set('d', 'key', 4);
    expect([...queues.inTurn(5)]).toEqual(['d', ...[...first].reverse()]);
  });

  it('keep their turn while all their entries are in progress: a long conversation starves no other lane', () => {
    const queues = filled(['long'], 0);
    for (const key of ['one', 'two', 'three']) queues.set('other', key, 1);
    const served: string[] = [];
    for (let now = 10; now < 16; now++) {
      let back = (): void => undefined;
      for (const lane of queues.inTurn(now)) {
        const due = queues.get(lane)?.peek();
        const key = queues.get(lane)?.take(now) ?? '';
        queues.served(lane, now);
        served.push(lane);
        back = () => queues.set(lane, key, due);
        break;
      }
      // It was delivered: the next message of that conversation has long been due.
      back();
    }
    expect(served).toEqual(['long', 'other', 'long', 'other', 'long', 'other']);
  });

  it('are not returned again to a claim that left due entries in them', () => {
    const queues = filled(['a', 'b']);
    const met: string[] = [];
    for (const lane of queues.inTurn(9)) {
      met.push(lane);
      queues.served(lane, 1);
      queues.set(lane, 'other', 0);
    }
    expect(met.sort()).toEqual(['a', 'b']);
  });
});

describe('the lanes visited', () => {
  const fleet = Array.from({ length: 5_000 }, (_, index) => `s${index}`);

  it('include no excluded ones, once their list is known', () => {
    const queues = filled([...fleet, 'well']);
    const ask = (few: readonly string[]) => {
      const before = queues.visits;
      const lanes = { except: joined([fleet, few]) };
      const found = [...queues.inTurn(1, lanes)];
      return [found, queues.earliest(lanes), queues.visits - before];
    };
    ask([]);
    expect(ask([])).toEqual([['well'], 0, 2]);
    expect(ask(['busy'])).toEqual([['well'], 0, 2]);
    expect(ask(['well'])).toEqual([[], undefined, 2]);
  });

  it('include none that are not due, and no more than requested', () => {
    const queues = filled(fleet, 100);
    queues.set('now', 'key', 1);
    const before = queues.visits;
    expect([...queues.inTurn(1)]).toEqual(['now']);
    for (const lane of queues.inTurn(100)) if (lane === 'now') break;
    expect(queues.visits - before).toBe(2);
  });
});

describe('streams', () => {
  const of = { lane: 'alice@contoso.test', audience: 'same-organization', conversationId: 'c' } as const;

  it('start with the entry of the lowest order, whatever is appended, moved, removed and put back', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const change = fc.record({ id, order: fc.option(fc.integer({ min: 0, max: 9 })), looks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const streams = new Streams();
        let stream: Stream | undefined;
        const orders = new Map<string, number>();
        const inOrder = (): string[] => [...orders].sort(([, one], [, other]) => one - other).map(([name]) => name);
        for (const [step, one] of changes.entries()) {
          if (one.order === null) {
            if (stream !== undefined && orders.has(one.id)) streams.remove(stream, one.id);
            orders.delete(one.id);
          } else {
            // No two entries have the same.
            orders.set(one.id, one.order * 100 + step);
            stream = streams.append({ ...of, id: one.id }, one.order * 100 + step);
          }
          expect([...streams.of(streamKey(of))].sort()).toEqual([...orders.keys()].sort());
          if (!one.looks || stream === undefined) continue;
          expect(streams.head(stream, (name) => orders.get(name) ?? 0)).toBe(inOrder()[0]);
          expect([...streams.of(streamKey(of))]).toEqual(inOrder());
          expect(streams.get(streamKey(of))).toBe(orders.size === 0 ? undefined : stream);
        }
      }),
      { numRuns: 300 },
    );
  });
});
