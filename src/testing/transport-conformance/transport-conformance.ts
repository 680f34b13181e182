import { checkArgument, maybeObject, objectWith } from '../../core/arguments.ts';
import { callback } from '../../core/options.ts';
import type { TestRunner } from '../spool-conformance/spool-conformance.ts';
import { deliverTests } from './deliver.ts';
import type { CreateTransportHarness, TransportTrouble } from './harness.ts';
import { hostileTextTests } from './hostile-text.ts';
import { mayWriteTests } from './may-write.ts';
import { placeTests } from './place.ts';
import { probeTests } from './probe.ts';
import { Scene, type Test } from './scene.ts';
import { troubleTests } from './troubles.ts';

export type {
  ConformanceExchange,
  ConformanceMessage,
  CreateTransportHarness,
  TransportHarness,
  TransportHarnessOptions,
  TransportTrouble,
} from './harness.ts';

const subjects = {
  deliver: deliverTests,
  'may write': mayWriteTests,
  troubles: troubleTests,
  probe: probeTests,
  place: placeTests,
  'hostile text': hostileTextTests,
} as const satisfies Readonly<Record<string, (test: Test) => void>>;

/** A group of tests. */
export type TransportConformanceSubject = keyof typeof subjects;

/** How {@link transportConformance} is run. */
export interface TransportConformanceOptions {
  /** Subjects of the suite, or kinds of trouble that the harness can't arrange. @default [] */
  readonly skip?: readonly (TransportConformanceSubject | TransportTrouble['kind'])[];
}

/**
 * Registers the tests that every `Transport` must pass, with the test runner of your choice. They use the transport only through
 * its contract, and judge it by the server: which messages arrived, which copies and drafts are there.
 *
 * @param runner `describe` and `it` of vitest, node:test, mocha or jest.
 * @param create Makes a transport and the server behind it; called for each test.
 *
 * @example
 * ```ts
 * import { describe, it } from 'node:test';
 * import { transportConformance } from 'offline-im/testing';
 *
 * transportConformance({ describe, it }, createHarness, { skip: ['late-copy', 'in-outbox'] });
 * ```
 */
export function transportConformance(
  runner: TestRunner,
  create: CreateTransportHarness,
  options: TransportConformanceOptions = {},
): void {
  checkArgument(
    'transportConformance()',
    'runner',
    runner,
    objectWith('{ describe, it } of a test runner', { describe: 'function', it: 'function' }),
  );
  checkArgument('transportConformance()', 'create', create, callback('a function that makes a harness'));
  checkArgument('transportConformance()', 'options', options, maybeObject('{ skip } or nothing'));
  const { describe, it } = runner;
  const { skip = [] } = options;
  const without = new Set<string>(skip);
  const test: Test = (name, body, { needs = [], ...options } = {}) => {
    if (needs.some((kind) => without.has(kind))) return;
    it(name, async () => {
      const scene = await Scene.over(create, options);
      try {
        await body(scene);
      } finally {
        await scene.harness.dispose();
      }
    });
  };
  for (const [subject, register] of Object.entries(subjects)) {
    if (!without.has(subject)) describe(subject, () => register(test));
  }
}
