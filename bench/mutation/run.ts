/** The tests of a folder, loaded once and run for each change of its sources, in the process that Vitest gives them. */
import { appendFileSync, readFileSync } from 'node:fs';
import { inject, it, vi } from 'vitest';
import { newSuite, type Suite, state, type Test } from './collect.ts';
import type { Mutant } from './instrument.ts';
import { madeOnce } from './targets.ts';

declare module 'vitest' {
  interface ProvidedContext {
    mutants: readonly Mutant[];
    files: readonly string[];
    report: string;
  }
}

interface Stryker {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}
const stryker: Stryker = { mutantCoverage: { static: {}, perTest: {} } };
(globalThis as { __stryker__?: Stryker }).__stryker__ = stryker;

/** ms that a test of milliseconds may take before it counts as hanging, on a machine that is busy. */
const patience = 5_000;
/** ms of a test that is run for each change that it reaches; what takes longer says too little for its time. */
const unitTest = Number(process.env.MUTATE_SLOW ?? 200);
const hangs = Symbol('hangs');
const kept = { setTimeout, clearTimeout };

async function bounded(work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = kept.setTimeout(() => reject(hangs), patience);
  });
  try {
    await Promise.race([(async () => work())(), late]);
  } finally {
    kept.clearTimeout(timer);
  }
}

function chain(suite: Suite): Suite[] {
  return suite.parent === undefined ? [suite] : [...chain(suite.parent), suite];
}

/** What made the test fail; undefined when it passed. */
async function failureOf({ suite, run }: Test): Promise<unknown> {
  const suites = chain(suite);
  let failure: unknown;
  const attempt = async (work: () => unknown): Promise<void> => {
    try {
      await bounded(work);
    } catch (error) {
      failure ??= error ?? new Error('nothing');
    }
  };
  for (const one of suites) {
    if (one.isReady) continue;
    one.isReady = true;
    for (const work of one.before) await attempt(work);
  }
  for (const one of suites) for (const work of one.beforeEach) await attempt(work);
  if (failure === undefined) await attempt(run);
  for (const one of suites.toReversed()) for (const work of one.afterEach.toReversed()) await attempt(work);
  for (const work of state.finished.splice(0).toReversed()) await attempt(work);
  return failure;
}

async function unload(tests: readonly Test[]): Promise<void> {
  for (const suite of new Set(tests.flatMap((one) => chain(one.suite)).toReversed())) {
    if (suite.isReady) for (const work of suite.after) await bounded(work).catch(() => undefined);
  }
}

async function load(file: string): Promise<readonly Test[]> {
  state.tests = [];
  state.suite = newSuite(file, undefined);
  await import(/* @vite-ignore */ file);
  return state.tests;
}

async function loadAll(): Promise<Test[]> {
  vi.resetModules();
  const tests: Test[] = [];
  for (const file of inject('files')) tests.push(...(await load(file)));
  return tests;
}

type Status = 'killed' | 'hung' | 'survived' | 'not covered';

it('mutants', { timeout: 0 }, async () => {
  const mutants = inject('mutants');
  const began = performance.now();
  let tests = await loadAll();
  const names = tests.map(
    ({ name, suite }, at) =>
      `${at}: ${[
        ...chain(suite)
          .slice(1)
          .map((one) => one.name),
        name,
      ].join(' > ')}`,
  );
  const unfit = new Set<number>();
  const took = new Map<number, number>();
  // Twice: what fails the second time keeps something from the first.
  for (const round of [1, 2]) {
    for (const [at, test] of tests.entries()) {
      stryker.currentTestId = String(at);
      const started = performance.now();
      const failure = await failureOf(test);
      took.set(at, Math.min(took.get(at) ?? Number.POSITIVE_INFINITY, performance.now() - started));
      if (failure === undefined || unfit.has(at)) continue;
      unfit.add(at);
      console.error(`left out, since it fails in round ${round} without a change: ${names[at]}`, failure);
    }
  }
  stryker.currentTestId = undefined;
  const slow = [...took].filter(([, ms]) => ms > unitTest).map(([at]) => at);
  for (const at of slow) unfit.add(at);
  const { static: atLoad, perTest } = structuredClone(stryker.mutantCoverage);
  console.error(
    `${tests.length} tests, ${slow.length} of them too slow, ${mutants.length} changes; two rounds took ${Math.round(performance.now() - began)} ms`,
  );

  const withMutant = async <Result>(id: string, work: () => Promise<Result>): Promise<Result> => {
    Object.assign(stryker, { activeMutant: id, hitCount: 0, hitLimit: 100_000 });
    try {
      return await work();
    } finally {
      Object.assign(stryker, { activeMutant: undefined, hitCount: undefined });
    }
  };

  /** Only the tests that reach the place, where it was reached while they ran. */
  const liveStatus = async (id: string, isSecond = false): Promise<[Status, string?]> => {
    const covering = [...tests.keys()]
      .filter((at) => !unfit.has(at) && perTest[at]?.[id] !== undefined)
      .sort((a, b) => (took.get(a) ?? 0) - (took.get(b) ?? 0));
    for (const at of covering) {
      const test = tests[at] as Test;
      const failure = await withMutant(id, () => failureOf(test));
      if (failure === undefined) continue;
      const isClean = failure !== hangs && (await failureOf(test)) === undefined;
      if (!isClean) {
        await unload(tests);
        tests = await loadAll();
        if (!isSecond) return liveStatus(id, true);
      }
      return [failure === hangs ? 'hung' : 'killed', names[at] ?? ''];
    }
    return covering.length === 0 ? ['not covered'] : ['survived'];
  };

  /** All tests, loaded while the change is in force. */
  const staticStatus = (id: string, file: string): Promise<[Status, string?]> =>
    withMutant(id, async () => {
      vi.resetModules();
      const own = (file.split('/').at(-1) ?? '').replace(/\.ts$/, '.');
      const files = inject('files').toSorted((a, b) => Number(b.includes(`/${own}`)) - Number(a.includes(`/${own}`)));
      const skipped = new Set([...unfit].map((at) => names[at]?.replace(/^\d+: /, '')));
      for (const test of files) {
        const loaded = await load(test).catch(() => undefined);
        if (loaded === undefined) return ['killed', test];
        for (const one of loaded) {
          const name = [
            ...chain(one.suite)
              .slice(1)
              .map((suite) => suite.name),
            one.name,
          ].join(' > ');
          if (skipped.has(name)) continue;
          const failure = await failureOf(one);
          if (failure !== undefined) {
            await unload(loaded);
            return [failure === hangs ? 'hung' : 'killed', name];
          }
        }
        await unload(loaded);
      }
      return ['survived'];
    });

  const done = resumed();
  for (const mutant of mutants) {
    const began = done.get(mutant.id);
    if (began === 'done') continue;
    if (began === 'begun') {
      // It took the process with it, which was begun anew.
      note({ ...mutant, status: 'hung' });
      continue;
    }
    note({ id: mutant.id });
    const isStatic = atLoad[mutant.id] !== undefined || madeOnce.includes(mutant.file);
    let [status, by] = await liveStatus(mutant.id);
    if (isStatic && (status === 'survived' || status === 'not covered'))
      [status, by] = await staticStatus(mutant.id, mutant.file);
    note({ ...mutant, status, by, isStatic });
  }
  await unload(tests);
});

/** What was written before the process had to be begun anew. */
function resumed(): ReadonlyMap<string, 'begun' | 'done'> {
  const known = new Map<string, 'begun' | 'done'>();
  for (const line of readFileSync(inject('report'), 'utf8').trim().split('\n').filter(Boolean)) {
    const { id, status } = JSON.parse(line) as { id: string; status?: Status };
    known.set(id, status === undefined ? 'begun' : 'done');
  }
  return known;
}

function note(line: object): void {
  appendFileSync(inject('report'), `${JSON.stringify(line)}\n`);
}
