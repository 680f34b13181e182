import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Long by nature: a build of the package, browsers, fleets of processes, kills, power cuts. `npm run test:long`; not part of `npm test`. */
const long = [
  'test/crash/kill.test.ts',
  'test/demo/demo.test.ts',
  'test/model/scripted/promise.test.ts',
  'test/observability/trace-file/processes.test.ts',
  'test/package/package.test.ts',
  'test/sender/storm.test.ts',
  'test/spool/file/power-cut.property.test.ts',
  'test/spool/postgres/fleet.test.ts',
  'test/spool/postgres/processes.test.ts',
  'test/spool/sqlite/one-dies.test.ts',
  'test/spool/sqlite/processes.test.ts',
  'test/**/chromium.test.ts',
  'test/**/*.long.test.ts',
];
/** Where no run has told yet how long each file takes, as in CI, Vitest begins with those of many lines: what is short to read and long to run would come last, alone. These begin, the longest first. */
const longest = [
  'test/ews/schema-answers.long.test.ts',
  'test/testing/simulator/schema/any-requests.long.test.ts',
  'test/testing/simulator/memory.long.test.ts',
  'test/cli/commands.long.test.ts',
  'test/injection/injection.long.test.ts',
  'test/spool/sharded/postgres.long.test.ts',
  'test/spool/on-own-disk.long.test.ts',
  'test/admin/transfer-killed.long.test.ts',
  'test/crash/kill.test.ts',
  'test/crash/sabotage.long.test.ts',
  'test/spool/file/power-cut.property.test.ts',
  'test/spool/file/power-cut.long.test.ts',
  'test/ews/bent-answers.long.test.ts',
  'test/simulation/simulation.long.test.ts',
  'test/model/scripted/every-call.long.test.ts',
  'test/spool/postgres/pooler.long.test.ts',
  'test/spool/postgres/same-as-memory.long.test.ts',
  'test/transport/hostile/over-dispatcher.long.test.ts',
  'test/dashboard/chromium.test.ts',
  'test/transport/hostile/hostile.test.ts',
  'test/injection/injection.test.ts',
  'test/spool/sealed/conformance.test.ts',
  'test/spool/postgres/plans.test.ts',
  'test/admin/transfer.test.ts',
  'test/spool/disk/full.test.ts',
  'test/examples/examples.test.ts',
  'test/ews/optional.test.ts',
  'test/spool/postgres/conformance.test.ts',
  'test/spool/postgres/sealed.test.ts',
  'test/spool/postgres/pooler.test.ts',
  'test/transport/never-twice.test.ts',
  'test/examples/transaction.test.ts',
  'test/cli/owner.test.ts',
  'test/cli/command-line.test.ts',
  'test/cli/transfer.test.ts',
  'test/graph/foreign-clients.test.ts',
  'test/docs/snippets.test.ts',
  'test/spool/postgres/same-as-memory.property.test.ts',
  'test/spool/file/tombstones.test.ts',
  'test/cli/interrupted.test.ts',
  'test/spool/sqlite/conformance.test.ts',
  'test/spool/postgres/no-answer.test.ts',
  'test/examples/fleet.test.ts',
  'test/house/npm-test.test.ts',
  'test/spool/file/conformance.test.ts',
  'test/interop/everyday/exchangelib.test.ts',
  'test/simulation/simulation.test.ts',
  'test/examples/ews-app.test.ts',
  'test/model/scripted/every-call.test.ts',
  'test/spool/indexeddb/conformance.test.ts',
  'test/spool/file/power-cut.test.ts',
  'test/interop/everyday/ews-javascript-api.test.ts',
  'test/graph/conformance.test.ts',
  'test/examples/dashboard.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => longest.findIndex((name) => moduleId.endsWith(`/${name}`));
    const first = sorted.filter((file) => rank(file) >= 0).sort((a, b) => rank(a) - rank(b));
    return [...first, ...sorted.filter((file) => rank(file) < 0)];
  }
}

/** ms. No test waits for time to pass: a limit is there for one that hangs, and must be out of reach on a machine that is busy with three suites. */
const limit = 900_000;
const { TEST_REPORTS: reports } = process.env;
/** By the project that was asked for, so that .ci/run has a report of each. */
const asked = process.argv.includes('long') ? 'long' : 'short';

export default defineConfig({
  // Examples say `offline-im`, as a user does; here that is the source.
  resolve: { alias: [{ find: /^offline-im$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
  test: {
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // Vitest itself gives up after a second.
    expect: { poll: { timeout: 200_000, interval: 10 } },
    setupFiles: ['./test/support/judged-graph.ts'],
    reporters:
      reports === undefined || reports === ''
        ? ['default']
        : ['default', ['json', { outputFile: join(reports, `vitest-${asked}.json`) }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'short',
          globalSetup: ['./test/support/folder-of-run.ts'],
          // A process for each file took a third of the time: to start, and to load the same modules again.
          isolate: false,
          // Two more than two cores: of three, each waited for processes, servers and time-outs half of the time, and a quarter of both cores was idle.
          maxWorkers: 4,
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...long],
          testTimeout: limit,
          hookTimeout: limit,
        },
      },
      {
        extends: true,
        test: {
          name: 'long',
          globalSetup: ['./test/support/folder-of-run.ts'],
          include: long,
          // Kills, pickups and leases are waited for too.
          maxWorkers: 3,
          // After the short ones, where both are asked for.
          sequence: { groupOrder: 1 },
          testTimeout: limit,
          hookTimeout: limit,
        },
      },
    ],
  },
});
