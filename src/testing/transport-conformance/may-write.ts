import type { DeliveryOutcome } from '../../transport/contract.ts';
import { equal, isTrue } from '../spool-conformance/assert.ts';
import type { Test } from './scene.ts';
import { unsureOf } from './troubles.ts';

/** Permission to write: `mayWrite`, and the host's signal. */
export function mayWriteTests(test: Test): void {
  test('nothing is sent when mayWrite() returns false', async (scene) => {
    const outcomes = await scene.deliver(scene.notes(3), { mayWrite: () => false });
    for (const outcome of outcomes) expectNotAttempted(outcome);
    equal(scene.harness.exchange.requests(), 0, 'requests');
  });

  for (const granted of [1, 2, 3]) {
    test(
      `mayWrite() is asked before each request: ${granted} granted`,
      async (scene) => {
        let asked = 0;
        const notes = scene.notes(6);
        const outcomes = await scene.deliver(notes, { mayWrite: () => ++asked <= granted });
        isTrue(scene.harness.exchange.requests() <= granted, 'no more requests than were granted');
        const sent = outcomes.filter(({ status }) => status === 'delivered').length;
        for (const outcome of outcomes.slice(sent)) expectNotAttempted(outcome);
        equal(scene.texts().length, sent, 'messages that arrived');
      },
      { notesPerRequest: 2 },
    );
  }

  test('nothing is sent when the signal is already aborted', async (scene) => {
    const outcomes = await scene.deliver(scene.notes(2), { signal: AbortSignal.abort() });
    equal(scene.harness.exchange.requests(), 0, 'requests');
    for (const { status } of outcomes) equal(status, 'deferred', 'status');
  });

  test(
    'aborting ends a hanging delivery long before its deadline',
    async (scene) => {
      await scene.arrange({ kind: 'hang' });
      const controller = new AbortController();
      const notes = scene.notes(2);
      let isOver = false;
      const delivering = scene.deliver(notes, { signal: controller.signal }).finally(() => {
        isOver = true;
      });
      while (scene.harness.exchange.requests() === 0 && !isOver) await new Promise((resolve) => setTimeout(resolve, 5));
      controller.abort();
      const started = performance.now();
      const outcomes = await delivering;
      isTrue(performance.now() - started < 30_000, 'it ends soon after the abort');
      unsureOf(scene, notes, outcomes);
    },
    { needs: ['hang'], deadline: 60_000 },
  );
}

function expectNotAttempted(outcome: DeliveryOutcome): void {
  equal(outcome.status, 'deferred', 'status of what was not written');
  if (outcome.status !== 'deferred') return;
  equal([outcome.error.code, outcome.retryAfter], ['NOT_ATTEMPTED', 0], 'code and retryAfter of what was not written');
}
