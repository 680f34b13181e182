/** One consumer of the package: what it installs beside it, and what it runs. */
export interface Cell {
  /** Folder of sources in matrix/, copied into the cell's project. */
  readonly folder: string;
  /** Exact versions from the registry. */
  readonly packages: Readonly<Record<string, string>>;
  /** Commands, one after the other; `node` is this Node, anything else a program of the cell's node_modules/.bin. */
  readonly commands: readonly (readonly string[])[];
}

const jest = { jest: '30.5.2' };
const job = 'main-job.mjs';

const types = (typescript: string, resolutions: readonly string[]): Cell => ({
  folder: 'types',
  packages: { typescript, '@types/node': '24.19.2' },
  commands: resolutions.map((name) => ['tsc', '-p', `tsconfig.${name}.json`]),
});

const runtime = (packages: Cell['packages'], ...command: string[]): Cell => ({
  folder: 'runtime',
  packages,
  commands: [command],
});

const bundler = (packages: Cell['packages'], ...commands: string[][]): Cell => ({
  folder: 'bundler',
  packages,
  commands: [...commands, ['node', 'out/main.mjs']],
});

/** By the name that `npm run matrix` takes. */
export const cells: Readonly<Record<string, Cell>> = {
  'jest-cjs': { folder: 'jest-cjs', packages: jest, commands: [['jest']] },
  'jest-esm': {
    folder: 'jest-esm',
    packages: jest,
    commands: [['node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js']],
  },
  'ts-5.4': types('5.4.5', ['node10', 'node16', 'bundler']),
  'ts-5.9': types('5.9.3', ['node10', 'node16', 'bundler']),
  // From here on node10 is deprecated, then gone.
  'ts-6': types('6.0.3', ['node16', 'bundler']),
  'ts-7': types('7.0.2', ['node16', 'bundler']),
  'node-22': runtime({ node: '22.13.0' }, 'node_modules/node/bin/node', job),
  'node-24': runtime({}, 'node', job),
  'node-26': runtime({ node: '26.10.0' }, 'node_modules/node/bin/node', job),
  'node-cjs': runtime({}, 'node', '--no-experimental-require-module', 'main-job.cjs'),
  bun: runtime({ bun: '1.4.5' }, 'bun', job),
  deno: runtime({ deno: '2.9.6' }, 'deno', 'run', '-A', job),
  esbuild: bundler({ esbuild: '0.28.2' }, ['esbuild', 'main.js', '--bundle', '--format=esm', '--outfile=out/main.mjs']),
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
  vite: bundler({ vite: '8.3.8' }, ['vite', 'build', '--config', 'vite.config.mjs']),
  webpack: bundler({ webpack: '5.113.0', 'webpack-cli': '7.3.1' }, ['webpack', '--config', 'webpack.config.cjs']),
};
