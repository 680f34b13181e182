import { rmSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const shared = {
  entry: {
    index: 'src/index.ts',
    admin: 'src/admin.ts',
    'ews-javascript-api': 'src/ews-javascript-api.ts',
    file: 'src/file.ts',
    indexeddb: 'src/indexeddb.ts',
    postgres: 'src/postgres.ts',
    relay: 'src/relay.ts',
    sqlite: 'src/sqlite.ts',
    ntlm: 'src/ntlm.ts',
    testing: 'src/testing.ts',
    'testing-msw': 'src/testing-msw.ts',
  },
  target: 'node22',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  // A map would hold every source a second time, with paths of the machine that built it.
  sourcemap: false,
  removeNodeProtocol: false,
  clean: false,
} satisfies Options;

export default defineConfig(({ outDir = 'dist' }) => {
  // Here, not by `clean`: the three builds run side by side.
  rmSync(outDir, { recursive: true, force: true });
  return [
    // The command line is a program, which nobody requires.
    { ...shared, entry: { ...shared.entry, cli: 'src/cli/main.ts' }, format: 'esm' },
    {
      ...shared,
      format: 'cjs',
      // Has no CommonJS form, and not every host can require() an ES module (Jest, bundlers, `--no-experimental-require-module`).
      noExternal: [/^p-retry$/, /^is-network-error$/],
      // Rollup then writes the CommonJS; the default would also rewrite `?.` and `??` into helper calls.
      treeshake: true,
    },
    // Symbol.asyncDispose, for users whose own `lib` is older.
    { ...shared, format: ['esm', 'cjs'], dts: { only: true, banner: '/// <reference lib="esnext.disposable" />' } },
  ];
});
