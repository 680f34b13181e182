import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One consumer of the package: what it installs beside it, and what it runs. */
export interface Cell {
  /** What it does, for the table in the docs. */
  readonly does: string;
  /** Folders of sources in matrix/, copied into the cell's project, a later one over an earlier one. */
  readonly folders: readonly string[];
  /** Exact versions from the registry. */
  readonly packages: Readonly<Record<string, string>>;
  /** Entries that it does not load. */
  readonly without?: RegExp;
  /** Commands, one after the other; `node` is this Node, anything else a program of the cell's node_modules/.bin. */
  readonly commands: readonly (readonly string[])[];
}

const own = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  devDependencies: Readonly<Record<string, string>>;
};

/** What the package works with where it is there, in the version that the tests use. */
const peers = Object.fromEntries(
  ['@opentelemetry/api', 'ews-javascript-api', 'jest', 'msw', 'undici', 'vitest'].map((name) => [
    name,
    own.devDependencies[name] ?? '>=29.0.0',
  ]),
);
/** Older than any of these: an application that has them can install the package, and use all but the entries that are named after them. */
const older = {
  '@opentelemetry/api': '1.4.1',
  'ews-javascript-api': '0.11.0',
  jest: '29.7.0',
  msw: '1.3.4',
  undici: '6.29.1',
  vitest: '3.2.7',
};
/** A test runner's packages load in that runner only. */
const peersOfNode = Object.fromEntries(Object.entries(peers).filter(([name]) => !/^(vitest|jest|@jest\/.*)$/.test(name)));

const jest = { jest: '30.5.2' };
const job = 'main-job.mjs';

const types = (resolution: string, typescript: string, more: Cell['packages'] = {}): Cell => ({
  does: `compiles every entry, \`strict\`, nothing skipped, with \`moduleResolution\` ${resolution}`,
  folders: ['types'],
  packages: { typescript, '@types/node': '24.19.2', ...more },
  commands: [['tsc', '-p', `tsconfig.${resolution}.json`]],
});

/** Those of msw name types of browsers, and have errors of their own. */
const typesWithPeers = (typescript: string): Cell => ({
  ...types('bundler', typescript, peers),
  does: 'compiles every entry, those over an optional package included, for browsers, with `skipLibCheck`',
  commands: [['tsc', '-p', 'tsconfig.peers.json']],
});

/** Every flag that a reader of declarations may have: as an ES module, whose `entries.js` is TypeScript too. */
const strictest = (typescript: string): Cell => ({
  ...types('nodenext', typescript),
  does: 'compiles every entry as an ES module with `exactOptionalPropertyTypes`, `verbatimModuleSyntax`, `isolatedModules`, nothing skipped',
  folders: ['types', 'types-esm'],
  commands: [['tsc', '-p', 'tsconfig.strictest.json']],
});

const runtime = (packages: Cell['packages'], ...command: string[]): Cell => ({
  does: 'loads every entry; three notes, through MemorySpool, FileSpool and SqliteSpool, reach the Inbox',
  folders: ['runtime'],
  packages,
  commands: [command],
});

const runner = (packages: Cell['packages'], ...command: string[]): Cell => ({
  does: 'loads every entry; notes through three spools, errors and promises of another realm',
  folders: ['test-runner'],
  packages,
  commands: [command],
});

const ewsApp = (packages: Cell['packages'], ...command: string[]): Cell => ({
  does: 'tests an application on ews-javascript-api against the simulator (examples/ews-app)',
  folders: ['../examples/ews-app'],
  packages: { ...packages, 'ews-javascript-api': peers['ews-javascript-api'] ?? '*' },
  commands: [command],
});

const bundledForNode = (packages: Cell['packages'], ...commands: string[][]): Cell => ({
  ...runtime(packages),
  does: 'bundles every entry into one program for Node; three notes, through MemorySpool, FileSpool and SqliteSpool, reach the Inbox',
  commands,
});

const bundler = (packages: Cell['packages'], ...commands: string[][]): Cell => ({
  does: 'bundles every entry for browsers without a polyfill; the bundle spools a message',
  folders: ['bundler'],
  packages,
  commands: [...commands, ['node', 'out/main.mjs']],
});

/** By the name that `npm run matrix` takes. */
export const cells: Readonly<Record<string, Cell>> = {
  'node-22': runtime({ node: '22.13.0' }, 'node_modules/node/bin/node', job),
  'node-24': runtime({ node: '24.21.0', ...peersOfNode }, 'node_modules/node/bin/node', job),
  'node-26': runtime({ node: '26.10.0' }, 'node_modules/node/bin/node', job),
  'node-cjs': runtime({ node: '24.21.0' }, 'node_modules/node/bin/node', '--no-experimental-require-module', 'main-job.cjs'),
  bun: runtime({ bun: '1.4.5' }, 'bun', job),
  deno: runtime({ deno: '2.9.6' }, 'deno', 'run', '-A', job),
  'jest-cjs': { ...runner(jest, 'jest', '--testTimeout', '240000'), folders: ['jest-cjs'] },
  'jest-29-cjs': { ...runner({ jest: '29.7.0' }, 'jest', '--testTimeout', '240000'), folders: ['jest-cjs'] },
  'jest-esm': runner(jest, 'node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'),
  'ts-jest': {
    ...runner({ ...jest, 'ts-jest': '29.4.15', typescript: '5.9.3', '@types/jest': '30.0.0', '@types/node': '24.19.2' }, 'jest'),
    does: 'runs a test in TypeScript as CommonJS, types checked; a note through SqliteSpool, errors of one class',
    folders: ['ts-jest'],
  },
  vitest: runner({ vitest: '5.1.1' }, 'vitest', 'run'),
  'beside-older': {
    ...runtime(older, 'node', job),
    does: 'is installed beside older versions of what it works with; three notes, through MemorySpool, FileSpool and SqliteSpool, reach the Inbox',
    without: /^offline-im\/(opentelemetry|testing\/msw)$/,
  },
  // The example as it lies in the repository.
  'ews-app-jest': ewsApp(
    jest,
    'node',
    '--experimental-vm-modules',
    'node_modules/jest/bin/jest.js',
    '--config',
    '{"transform":{},"testMatch":["**/*.test.mjs"]}',
  ),
  'ews-app-vitest': ewsApp({ vitest: '5.1.1' }, 'vitest', 'run', '--globals'),
  'testing-with-jest': {
    does: 'runs the example of testing code with Jest',
    folders: ['../examples/testing-with-jest'],
    packages: jest,
    commands: [['jest']],
  },
  'ts-5.4-node10': types('node10', '5.4.5'),
  'ts-5.4-node16': types('node16', '5.4.5'),
  'ts-5.4-bundler': types('bundler', '5.4.5'),
  'ts-5.9-node10': types('node10', '5.9.3'),
  'ts-5.9-node16': types('node16', '5.9.3'),
  'ts-5.9-bundler': types('bundler', '5.9.3'),
  'ts-5.9-peers': typesWithPeers('5.9.3'),
  'ts-6-node10': types('node10-deprecated', '6.0.3'),
  'ts-6-node16': types('node16', '6.0.3'),
  'ts-6-bundler': types('bundler', '6.0.3'),
  'ts-6-strictest': strictest('6.0.3'),
  'ts-7-node10': {
    ...types('node10', '7.0.2'),
    does: 'says that `moduleResolution` node10 is gone',
    commands: [['node', 'node10-is-gone.mjs']],
  },
  'ts-7-node16': types('node16', '7.0.2'),
  'ts-7-bundler': types('bundler', '7.0.2'),
  'ts-7-strictest': strictest('7.0.2'),
  'ts-7-peers': typesWithPeers('7.0.2'),
  esbuild: bundler({ esbuild: '0.28.2' }, ['esbuild', 'main.js', '--bundle', '--format=esm', '--outfile=out/main.mjs']),
  vite: bundler({ vite: '8.3.8' }, ['vite', 'build', '--config', 'vite.config.mjs']),
  webpack: bundler({ webpack: '5.113.0', 'webpack-cli': '7.3.1' }, ['webpack', '--config', 'webpack.config.cjs']),
  // The commonjs plugin for eventemitter3, whose ES module imports its CommonJS.
  rollup: bundler({ rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3', '@rollup/plugin-commonjs': '29.0.3' }, [
    'rollup',
    'main.js',
    '--plugin',
    'node-resolve={browser:true}',
    '--plugin',
    'commonjs',
    '--file',
    'out/main.mjs',
  ]),
  'esbuild-node': bundledForNode(
    { esbuild: '0.28.2' },
    ['esbuild', 'main-job.cjs', '--bundle', '--platform=node', '--format=cjs', '--outfile=out/main.cjs'],
    ['node', 'out/main.cjs'],
  ),
  'vite-ssr': bundledForNode(
    { vite: '8.3.8' },
    ['vite', 'build', '--config', 'vite.ssr.config.mjs', '--ssr', 'main-job.mjs', '--outDir', 'out'],
    ['node', 'out/main-job.mjs'],
  ),
  'bun-compile': {
    ...bundledForNode({ bun: '1.4.5' }, ['bun', 'build', '--compile', 'main-job.mjs', '--outfile', 'job'], ['./job']),
    does: 'compiles every entry into one executable; three notes, through MemorySpool, FileSpool and SqliteSpool, reach the Inbox',
  },
  parcel: {
    ...bundler({ parcel: '2.16.4' }),
    commands: [
      ['parcel', 'build', 'main.js', '--no-cache', '--dist-dir', 'out'],
      ['node', 'out/main.js'],
    ],
    does: 'bundles every entry for browsers but `offline-im/testing`, without a polyfill; the bundle spools a message',
    without: /^offline-im\/testing/,
    folders: ['bundler', 'parcel'],
  },
  next: {
    does: 'builds a page that spools in the client component and a route that delivers on the server',
    folders: ['next'],
    packages: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    commands: [['next', 'build']],
  },
};
