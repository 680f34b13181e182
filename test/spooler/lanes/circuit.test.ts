import { describe, expect, it } from 'vitest';
import { Circuit, type Failure } from '../../../src/spooler/lanes/circuit.ts';

const failure = (now: number, over: Partial<Failure> = {}): Failure => ({
  now,
  startedAt: now - 1,
  openedBy: 'connection',
  reason: { code: 'CONNECTION_LOST', text: 'It broke.' },
  retryIn: () => 100,
  ...over,
});
const request = (now: number, delivery = false, startedAt = now - 1) => ({ now, startedAt, delivery });

describe('a circuit', () => {
  it('admits everything until a failure', () => {
    const circuit = new Circuit();
    expect([circuit.admits(0), circuit.openSince, circuit.nextChange(0), circuit.isFresh(0)]).toEqual([
      'all',
      undefined,
      undefined,
      true,
    ]);
  });

  it('opened by a failure admits nothing until its time, to the ms, then one trial', () => {
    const circuit = new Circuit();
    expect(circuit.failed(failure(1_000))).toBe(true);
    expect([circuit.openSince, circuit.nextChange(1_000), circuit.isFresh(9_999)]).toEqual([1_000, 1_100, false]);
    expect([circuit.admits(1_099), circuit.admits(1_100)]).toEqual(['none', 'trial']);
  });

  it('admits one trial at a time, and the next once that has ended', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000));
    circuit.begin('probe');
    expect(circuit.admits(1_100)).toBe('none');
    circuit.endTrial();
    expect(circuit.admits(1_100)).toBe('trial');
  });

  it('counts its trial as running until its batch ends, even if it has already failed', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000));
    circuit.begin('deliver');
    circuit.failed(failure(1_200));
    expect(circuit.admits(5_000)).toBe('none');
    circuit.endTrial();
    expect([circuit.admits(1_299), circuit.admits(1_300), circuit.openSince]).toEqual(['none', 'trial', 1_000]);
  });

  it('tries probes and deliveries in turn, probes first since they only read', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000, { openedBy: 'sending' }));
    const kinds = [1, 2, 3].map(() => {
      const kind = circuit.nextTrial;
      circuit.begin(kind);
      circuit.endTrial();
      return kind;
    });
    expect(kinds).toEqual(['probe', 'deliver', 'probe']);
    circuit.begin('deliver');
    circuit.failed(failure(1_200, { openedBy: 'sending' }));
    expect(circuit.nextTrial).toBe('probe');
  });

  it.each([
    ['connection', false, true],
    ['connection', true, true],
    ['login', false, true],
    ['login', true, true],
    ['sending', false, false],
    ['sending', true, true],
  ] as const)('opened by %s: closed by a request (delivery: %s)? %s', (openedBy, delivery, closed) => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000, { openedBy }));
    expect(circuit.worked(request(1_050, delivery))).toBe(closed);
    expect(circuit.admits(1_050)).toBe(closed ? 'all' : 'none');
    expect(circuit.isFresh(1_050)).toBe(closed);
  });

  it('closes once', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000));
    expect([circuit.worked(request(1_050)), circuit.worked(request(1_050))]).toEqual([true, false]);
  });

  it('waits longer after each consecutive failure, and starts over after a success', () => {
    const circuit = new Circuit();
    const counts: number[] = [];
    const retryIn = (failures: number): number => {
      counts.push(failures);
      return 10;
    };
    circuit.failed(failure(1_000, { retryIn }));
    circuit.failed(failure(1_100, { retryIn }));
    circuit.worked(request(1_200));
    circuit.failed(failure(1_300, { retryIn }));
    expect(counts).toEqual([1, 2, 1]);
  });

  it('counts simultaneous failures as one, but uses their longest back-off', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000, { startedAt: 900 }));
    expect(circuit.failed(failure(1_001, { startedAt: 1_000, notBefore: 1_000 }))).toBe(false);
    expect(circuit.nextChange(1_001)).toBe(1_100);
    expect(circuit.failed(failure(1_002, { startedAt: 900, notBefore: 5_000 }))).toBe(false);
    expect([circuit.admits(4_999), circuit.admits(5_000)]).toEqual(['none', 'trial']);
    expect(circuit.failed(failure(1_003, { startedAt: 1_001 }))).toBe(true);
  });

  it('is not closed by requests that started before the server asked for a back-off', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000, { notBefore: 5_000 }));
    expect(circuit.worked(request(1_200, true, 1_000))).toBe(false);
    expect(circuit.worked(request(5_000, true, 1_000))).toBe(true);
  });

  it('is closed early by requests that started later, such as a trial requested by the host', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000, { notBefore: 5_000 }));
    circuit.retryNow(1_100);
    expect(circuit.admits(1_100)).toBe('trial');
    expect(circuit.worked(request(1_200, true, 1_100))).toBe(true);
  });

  it('that is delayed waits without a trial, longer each time, and counts simultaneous failures once', () => {
    const circuit = new Circuit();
    const retryIn = (failures: number): number => failures * 100;
    expect(circuit.delayed({ now: 1_000, startedAt: 900, retryIn })).toBe(true);
    expect([circuit.admits(1_099), circuit.admits(1_100), circuit.openSince]).toEqual(['none', 'all', undefined]);
    expect(circuit.delayed({ now: 1_001, startedAt: 1_000, retryIn })).toBe(false);
    expect(circuit.nextChange(1_001)).toBe(1_101);
    expect(circuit.delayed({ now: 1_200, startedAt: 1_150, retryIn })).toBe(true);
    expect([circuit.nextChange(1_200), circuit.isFresh(2_000)]).toEqual([1_400, false]);
    circuit.worked(request(1_300));
    // The requested back-off is respected all the same.
    expect([circuit.admits(1_399), circuit.isFresh(1_399), circuit.isFresh(1_400)]).toEqual(['none', false, true]);
  });

  it('that is paused waits for the longest pause, and until the host says otherwise', () => {
    const circuit = new Circuit();
    circuit.pause(2_000);
    circuit.pause(1_500);
    expect([circuit.admits(1_999), circuit.admits(2_000)]).toEqual(['none', 'all']);
    circuit.retryNow(1_000);
    expect(circuit.admits(1_000)).toBe('all');
  });

  it('admits a trial only when pause and back-off are both over, and reports that time', () => {
    const circuit = new Circuit();
    circuit.failed(failure(1_000));
    circuit.pause(1_050);
    expect([circuit.nextChange(1_000), circuit.nextChange(1_099), circuit.nextChange(1_100)]).toEqual([1_100, 1_100, undefined]);
    circuit.pause(1_200);
    expect([circuit.nextChange(1_000), circuit.admits(1_199), circuit.admits(1_200)]).toEqual([1_200, 'none', 'trial']);
  });
});
