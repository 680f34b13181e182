import { checkArgument, maybeObject, objectWith } from '../../core/arguments.ts';
import { callback } from '../../core/options.ts';
import type { CreateSpoolHarness, TestRunner } from './harness.ts';
import { Scene, type Test, type TestOptions } from './scene.ts';
import { adminTests } from './subjects/admin.ts';
import { appendTests } from './subjects/append.ts';
import { cancelTests } from './subjects/cancel.ts';
import { claimTests } from './subjects/claim.ts';
import { expiryTests } from './subjects/expiry.ts';
import { frozenTests } from './subjects/frozen.ts';
import { hostActionTests } from './subjects/host-actions.ts';
import { lateDeliveredTests } from './subjects/late-delivered.ts';
import { leaseTests } from './subjects/lease.ts';
import { lifeTests } from './subjects/life.ts';
import { mergeTests } from './subjects/merge.ts';
import { nextDueTests } from './subjects/next-due.ts';
import { probeTests } from './subjects/probe.ts';
import { readTests } from './subjects/read.ts';
import { restartTests } from './subjects/restart.ts';
import { settleTests } from './subjects/settle.ts';
import { standingTests } from './subjects/standing.ts';
import { tombstoneTests } from './subjects/tombstones.ts';
import { valueTests } from './subjects/values.ts';
import { wallClockTests } from './subjects/wall-clock.ts';

export type { CreateSpoolHarness, SpoolHarness, TestRunner } from './harness.ts';

const subjects = {
  life: lifeTests,
  append: appendTests,
  claim: claimTests,
  merge: mergeTests,
  frozen: frozenTests,
  settle: settleTests,
  probe: probeTests,
  lease: leaseTests,
  'late delivered': lateDeliveredTests,
  'host actions': hostActionTests,
  cancel: cancelTests,
  expiry: expiryTests,
  tombstones: tombstoneTests,
  read: readTests,
  'next due': nextDueTests,
  standing: standingTests,
  restart: restartTests,
  values: valueTests,
  'wall clock': wallClockTests,
  admin: adminTests,
} as const satisfies Readonly<Record<string, (test: Test) => void>>;

/** A group of tests. */
export type SpoolConformanceSubject = keyof typeof subjects;

/** How {@link spoolConformance} is run. */
export interface SpoolConformanceOptions {
  /** Subjects that the storage or its harness doesn't support. @default [] */
  readonly skip?: readonly SpoolConformanceSubject[];
}

/**
 * Registers the tests that every `SpoolStorage` must pass, with the test runner of your choice. They use the storage only through its
 * contract, so they apply to your own storage just as to those of this library.
 *
 * @param runner `describe` and `it` of vitest, node:test, mocha or jest.
 * @param create Makes a harness with an empty storage; called for each test.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * import { spoolConformance } from 'offline-im/testing';
 *
 * spoolConformance({ describe, it }, createHarness);
 * ```
 */
export function spoolConformance(runner: TestRunner, create: CreateSpoolHarness, options: SpoolConformanceOptions = {}): void {
  checkArgument(
    'spoolConformance()',
    'runner',
    runner,
    objectWith('{ describe, it } of a test runner', { describe: 'function', it: 'function' }),
  );
  checkArgument('spoolConformance()', 'create', create, callback('a function that makes a harness'));
  checkArgument('spoolConformance()', 'options', options, maybeObject('{ skip } or nothing'));
  const { describe, it } = runner;
  const { skip = [] } = options;
  const test: Test = (name, body, options) => {
    it(name, () => play(create, body, options));
  };
  for (const [subject, register] of Object.entries(subjects)) {
    if (skip.some((one) => one === subject)) continue;
    describe(subject, () => register(test));
  }
}

async function play(
  create: CreateSpoolHarness,
  body: (scene: Scene) => Promise<void>,
  { open = true }: TestOptions = {},
): Promise<void> {
  const scene = await Scene.over(create);
  try {
    if (open) await scene.open();
    await body(scene);
  } finally {
    await scene.harness.dispose();
  }
}
