/** The conformance suite, run in the browser by a runner of a few lines. */

import { IndexedDbSpool } from 'offline-im/indexeddb';
import { ManualClock } from '../../../../src/testing/manual-clock.ts';
import { spoolConformance } from '../../../../src/testing/spool-conformance/spool-conformance.ts';

/** A turn of the event loop, needed by the clock of the tests. */
function nextTurn(callback: () => void): void {
  const { port1, port2 } = new MessageChannel();
  const onmessage = (): void => {
    port1.close();
    callback();
  };
  // The types are Node's; in a browser a port delivers once it has its handler.
  Object.assign(port1, { onmessage });
  port2.postMessage(undefined);
}

async function run(): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  Object.assign(globalThis, { setImmediate: nextTurn });
  const tests: { readonly name: string; readonly body: () => Promise<void> }[] = [];
  const path: string[] = [];
  const describe = (name: string, body: () => void): void => {
    path.push(name);
    body();
    path.pop();
  };
  const it = (name: string, body: () => Promise<void>): void => {
    tests.push({ name: [...path, name].join(' > '), body });
  };
  let databases = 0;
  spoolConformance({ describe, it }, async () => {
    const clock = new ManualClock();
    databases += 1;
    const name = `suite ${databases}`;
    let storage = new IndexedDbSpool({ name, waitForLock: 0 });
    return {
      storage,
      clock,
      unit: 30_000,
      advance: (ms) => clock.advance(ms),
      jumpWall: (ms) => clock.setWall(clock.now() + ms),
      reopen: () => {
        storage = new IndexedDbSpool({ name, waitForLock: 0 });
        return storage;
      },
      dispose: () => storage.close(),
    };
  });
  const failed: string[] = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      failed.push(`${name}: ${String(error)}`);
    }
  }
  return { passed: tests.length - failed.length, failed };
}

Object.assign(globalThis, { spoolSuite: run });
