/** Which mailboxes and endpoints are remembered: a fleet has many, few of which are active. */
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/spooler/lanes/circuit.ts';
import { LaneTable } from '../../../src/spooler/lanes/lane.ts';

function table() {
  const all = new LaneTable(4, (name) => name.slice(0, 1));
  const known = () => [[...all.lanes.values()].map(({ name }) => name), [...all.endpoints].map(({ name }) => name)];
  return { all, known };
}
const reason = { code: 'CONNECTION_LOST', text: 'It broke.' } as const;
const failure = { now: 1_000, startedAt: 999, openedBy: 'connection', reason, retryIn: () => 100 } as const;

describe('a table of mailboxes', () => {
  it('has each once, with its shared endpoint, initially fresh', () => {
    const { all, known } = table();
    const [a1, a2] = [all.lane('a1', 0), all.lane('a2', 0)];
    expect([all.lane('a1', 0), a1.endpoint, all.lanes.get('a2'), all.lanes.get('b')]).toEqual([a1, a2.endpoint, a2, undefined]);
    expect(a1).toMatchObject({
      name: 'a1',
      inFlight: 0,
      limit: { size: 4, successes: 0 },
      endpoint: { name: 'a', oneByOne: false },
    });
    expect([...a1.endpoint.lanes.keys()]).toEqual(['a1', 'a2']);
    expect([known(), all.lanes.size]).toEqual([[['a1', 'a2'], ['a']], 2]);
  });

  it('forgets a mailbox without state, and its endpoint with the last of them', () => {
    const { all, known } = table();
    const [a1, a2] = [all.lane('a1', 0), all.lane('a2', 0)];
    all.forgetIdle(a1, 0);
    expect([known(), [...a2.endpoint.lanes.keys()]]).toEqual([[['a2'], ['a']], ['a2']]);
    all.forgetIdle(a2, 0);
    expect([known(), all.lanes.size]).toEqual([[[], []], 0]);
  });

  it.each<[string, (lane: Lane) => void]>([
    ['is at work', (lane) => (lane.inFlight += 1)],
    ['was asked for too much', (lane) => Object.assign(lane, { limit: { size: 2, successes: 0 } })],
    ['is blocked', (lane) => lane.circuit.failed(failure)],
    ['waits', (lane) => lane.circuit.pause(5_000)],
    ['has an endpoint that is out of reach', (lane) => lane.endpoint.circuit.failed(failure)],
  ])('keeps a mailbox that %s', (_what, happens) => {
    const { all, known } = table();
    const lane = all.lane('a', 0);
    happens(lane);
    all.forgetIdle(lane, 1_000);
    expect(known()).toEqual([['a'], ['a']]);
  });

  it.each<[string, (lane: Lane) => void]>([
    ['that keeps copies of notes it failed to send', (lane) => Object.assign(lane.endpoint, { oneByOne: true })],
    ['that waits', (lane) => lane.endpoint.circuit.pause(5_000)],
  ])('keeps an endpoint %s, without its mailboxes', (_what, happens) => {
    const { all, known } = table();
    const lane = all.lane('a', 0);
    happens(lane);
    all.forgetIdle(lane, 1_000);
    expect(known()).toEqual([[], ['a']]);
  });
});
