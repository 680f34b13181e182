/**
 * Stands in for `vitest` in the tests that are run again and again: it only remembers them, so that they can be run without
 * being loaded anew. What is left out here (snapshots, skipping by context) those tests don't use.
 */
import { inspect } from 'node:util';
import { expect, expectTypeOf, vi } from 'vitest';

export { expect, expectTypeOf, vi };

type Work = () => unknown;

export interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly before: Work[];
  readonly after: Work[];
  readonly beforeEach: Work[];
  readonly afterEach: Work[];
  isReady: boolean;
}

export interface Test {
  readonly name: string;
  readonly suite: Suite;
  readonly run: Work;
}

interface State {
  tests: Test[];
  suite: Suite;
  finished: Work[];
}

/** In a place that outlives this module, which is loaded anew with the tests. */
const shared = globalThis as { collected?: State };
shared.collected ??= { tests: [], suite: newSuite('', undefined), finished: [] };
export const state = shared.collected;

export function newSuite(name: string, parent: Suite | undefined): Suite {
  return { name, parent, before: [], after: [], beforeEach: [], afterEach: [], isReady: false };
}

function fill(name: string, values: readonly unknown[]): string {
  return `${name} ${inspect(values, { depth: 3, breakLength: Number.POSITIVE_INFINITY, customInspect: false })}`.slice(0, 160);
}

type Body = (...values: never[]) => unknown;
type Define = (name: string, first?: unknown, second?: unknown) => void;

function extended(define: (name: string, body: Body, values: readonly unknown[]) => void, skips: boolean) {
  const bodyOf = (first: unknown, second: unknown): Body => (typeof first === 'function' ? first : second) as Body;
  const one: Define = (name, first, second) => define(name, bodyOf(first, second), []);
  const none: Define = () => undefined;
  const each =
    (table: readonly unknown[]) =>
    (name: string, first?: unknown, second?: unknown): void => {
      for (const row of table) {
        const values: readonly unknown[] = Array.isArray(row) ? row : [row];
        define(fill(name, values), bodyOf(first, second), values);
      }
    };
  return Object.assign(skips ? none : one, {
    each: skips ? () => none : each,
    skip: none,
    todo: none,
    skipIf: (condition: unknown): unknown => (condition ? extended(define, true) : extended(define, skips)),
    runIf: (condition: unknown): unknown => (condition ? extended(define, skips) : extended(define, true)),
  });
}

export const it = extended((name, body, values) => {
  state.tests.push({ name, suite: state.suite, run: () => body(...(values as never[])) });
}, false);

export const describe = extended((name, body, values) => {
  const parent = state.suite;
  state.suite = newSuite(name, parent);
  try {
    body(...(values as never[]));
  } finally {
    state.suite = parent;
  }
}, false);

export function beforeAll(work: Work): void {
  state.suite.before.push(work);
}
export function afterAll(work: Work): void {
  state.suite.after.push(work);
}
export function beforeEach(work: Work): void {
  state.suite.beforeEach.push(work);
}
export function afterEach(work: Work): void {
  state.suite.afterEach.push(work);
}
export function onTestFinished(work: Work): void {
  state.finished.push(work);
}
