/**
 * For every test: whatever goes through the simulator's Graph door, written by the library or by other people's clients, and
 * every answer that no fault shaped, is judged by Microsoft's description of Graph. Costs nothing where no door is opened.
 */
import { afterEach, expect, vi } from 'vitest';

/** Of the process: files that share one share the door that was judged first, and each runs this file anew. */
const shared: typeof globalThis & { foundWrongInGraph?: string[] } = globalThis;
shared.foundWrongInGraph ??= [];
const found = shared.foundWrongInGraph;

vi.mock('../../src/testing/simulator/graph/door.ts', async (original) => {
  const door = await original<typeof import('../../src/testing/simulator/graph/door.ts')>();
  const { exchangeErrors } = await import('../graph/support/graph-schema.ts');
  class JudgedDoor extends door.GraphDoor {
    override async handle(request: Parameters<InstanceType<typeof door.GraphDoor>['handle']>[0]) {
      const exchange = await super.handle(request);
      found.push(...exchangeErrors(request, exchange));
      return exchange;
    }
  }
  return { ...door, GraphDoor: JudgedDoor };
});

afterEach(() => {
  expect(found.splice(0)).toEqual([]);
});
