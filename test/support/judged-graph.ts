/**
 * For every test: all requests through the Graph door of the simulator, from the library or from third-party clients, and all
 * responses not shaped by a fault, are judged by Microsoft's description of Graph. Costs nothing if no door is opened.
 */
import { afterEach, expect, vi } from 'vitest';

/** Shared by the process: its files share the door that was judged first, and each file runs this module again. */
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
