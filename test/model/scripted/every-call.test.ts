import { describe, it } from 'vitest';
import { callFaults, holdsAtCalls } from './every-call.ts';

// Each fault at calls of its own; every-call.long.test.ts has all of them at each.
describe('at the storage calls of a life, in turn', () => {
  it.each(callFaults.map(([name, fault], index) => [name, fault, index] as const))(
    '%s, and the promise holds',
    (_, fault, index) => holdsAtCalls(fault, index, callFaults.length),
  );
});
