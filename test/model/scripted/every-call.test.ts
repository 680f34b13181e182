import { describe, it } from 'vitest';
import { callFaults, holdsAtCalls } from './every-call.ts';

/** A third of the calls, each with one of the faults. */
const step = 3 * callFaults.length;

// Each fault at different calls; every-call.long.test.ts has all of them at each.
describe('at each storage call in turn', () => {
  it.each(callFaults.map(([name, fault], index) => [name, fault, index] as const))(
    '%s, and the promise holds',
    (_, fault, index) => holdsAtCalls(fault, 3 * index, step),
  );
});
