/** The index of restricted lanes, compared with what each lane reports itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../src/spooler/lanes/lanes.ts';
import { spoolerSettings } from '../../../src/spooler/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { away, blocked, busy, deferred, delivered, refused } from './parts.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const servers = ['A', 'B', 'C'];
const outcomes = [
  delivered,
  deferred('endpoint', away),
  deferred('endpoint', busy, 5_000),
  deferred('mailbox', busy),
  deferred('mailbox', busy, 3_000),
  blocked('mailbox', refused),
  blocked('mailbox', busy),
  blocked('endpoint', refused),
];
const name = fc.constantFrom(...names);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('begin' as const),
      name,
      kind: fc.constantFrom('probe' as const, 'deliver' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('end' as const),
      index: fc.nat(9),
      outcome: fc.option(fc.constantFrom(...outcomes)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 500, 1_000, 4_000, 60_000, 900_000) }),
  },
  fc.record({ what: fc.constant('may' as const), name }),
  fc.record({ what: fc.constant('trials' as const), putOff: fc.boolean() }),
  fc.record({ what: fc.constant('again' as const) }),
  fc.record({ what: fc.constant('retry' as const), name: fc.option(name) }),
  fc.record({ what: fc.constant('move' as const), name, to: fc.constantFrom(...servers) }),
  fc.record({ what: fc.constant('look' as const) }),
);

describe('the circuit index', () => {
  it('reports for each circuit what the circuit itself reports, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), async (steps) => {
        const clock = new ManualClock();
        const places = new Map(names.map((one, index) => [one, servers[index % 2] ?? '']));
        const lanes = new Lanes({
          clock,
          random: () => 0.5,
          options: spoolerSettings({ concurrencyPerMailbox: 2 }),
          observer: { blocked() {}, resumed() {}, unavailable() {}, available() {} },
          endpointOf: (one) => places.get(one) ?? '',
        });
        const under: { name: string; end: () => void; startedAt: number }[] = [];
        for (const one of steps) {
          if (one.what === 'begin' && lanes.admission(one.name) !== 'closed')
            under.push({ name: one.name, end: lanes.begin(one.name, one.kind), startedAt: clock.monotonic() });
          if (one.what === 'end') {
            const [batch] = under.splice(one.index % Math.max(1, under.length), 1);
            if (batch !== undefined) {
              if (one.outcome) lanes.record(batch.name, one.outcome, batch.startedAt);
              batch.end();
            }
          }
          if (one.what === 'wait') await clock.advance(one.ms);
          if (one.what === 'may') lanes.mayBegin(one.name);
          if (one.what === 'trials') {
            const trials = lanes.trials();
            for (const { lanes: of } of trials) for (const lane of of) expect(lanes.admission(lane)).toBe('trial');
            if (one.putOff) lanes.putOff(trials.flatMap((trial) => trial.lanes));
          }
          if (one.what === 'again') {
            lanes.tryAgain();
            const tried = lanes
              .trials()
              .flatMap((trial) => trial.lanes)
              .sort();
            const wanted = names.filter((lane) => lanes.standing(lane) !== undefined && lanes.admission(lane) === 'trial');
            expect(tried).toEqual(wanted);
          }
          if (one.what === 'retry') lanes.retryNow(one.name ?? undefined);
          if (one.what === 'move') places.set(one.name, one.to);
          const lists = [lanes.notOpen(), lanes.shut()];
          for (const lane of names) {
            if (lists[1]?.includes(lane)) expect(lanes.admission(lane)).toBe('closed');
            if (lists[0]?.includes(lane)) expect(lanes.admission(lane)).not.toBe('open');
          }
          if (one.what !== 'look') continue;
          const standing = names.map((lane) => [lane, lanes.admission(lane)]);
          expect([...new Set(lanes.notOpen())].sort()).toEqual(standing.flatMap(([lane, is]) => (is === 'open' ? [] : lane)));
          expect([...new Set(lanes.shut())].sort()).toEqual(standing.flatMap(([lane, is]) => (is === 'closed' ? lane : [])));
          // A circuit closed without a running request opens by itself, and says when.
          const stuck = under.length === 0 && standing.some(([, is]) => is === 'closed');
          if (stuck) expect(lanes.nextChange()).toBeGreaterThan(0);
        }
        for (const { end } of under) end();
      }),
      { numRuns: 200 },
    );
  });
});
