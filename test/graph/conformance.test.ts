import { describe, it } from 'vitest';
import { transportConformance } from '../../src/testing.ts';
import { leftOut, overGraphDoor } from './support/conformance.ts';

describe('GraphTransport', () => {
  transportConformance({ describe, it }, (options) => overGraphDoor(options), { skip: leftOut });
});
