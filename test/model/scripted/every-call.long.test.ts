import { describe, it } from 'vitest';
import { callFaults, holdsAtCalls } from './every-call.ts';

describe('at every storage call', () => {
  it.each(callFaults)('%s, and the promise holds', (_, fault) => holdsAtCalls(fault, 0, 1));
});
