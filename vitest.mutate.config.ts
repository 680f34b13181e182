import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { instrument, placeOf, unnoticedIn } from './bench/mutation/instrument.ts';
import { testsOf } from './bench/mutation/targets.ts';

const root = import.meta.dirname;
const {
  MUTATE = 'src/gating',
  MUTATE_EVERY = '1',
  MUTATE_LAST = '',
  MUTATE_REPORT = join(root, '.tmp/mutation.jsonl'),
} = process.env;
const { sources, mutants: all } = await instrument(root, MUTATE);
const unnoticed = MUTATE_LAST === '' ? undefined : unnoticedIn(MUTATE_LAST);
const mutants = all.filter((one, at) => at % Number(MUTATE_EVERY) === 0 && unnoticed?.has(placeOf(one)) !== false);
const collect = join(root, 'bench/mutation/collect.ts');
const files = testsOf(MUTATE)
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .sort()
  .map((file) => join(root, file));

/** Only the unit tests of the folder that is mutated: in milliseconds, since each of thousands of changes runs them. */
export default defineConfig({
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      resolveId: (id, importer) => (id === 'vitest' && importer?.startsWith(join(root, 'test/')) ? collect : undefined),
      load: (id) => sources.get(id),
    },
  ],
  resolve: { alias: [{ find: /^offline-im$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
  test: {
    include: ['bench/mutation/run.ts'],
    testTimeout: 0,
    // It would know a source by its text alone, with or without its changes.
    fsModuleCache: false,
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default'],
    dangerouslyIgnoreUnhandledErrors: true,
    provide: { mutants, files, report: MUTATE_REPORT },
  },
});
