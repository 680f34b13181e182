import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Options } from 'tsup';

// One constant: links and `error.help` become absolute when the package knows where it lives.
const { homepage } = JSON.parse(readFileSync('package.json', 'utf8')) as { homepage?: string };

const shared = {
  entry: {
    index: 'src/index.ts',
    admin: 'src/admin.ts',
    dashboard: 'src/dashboard.ts',
    'ews-javascript-api': 'src/ews-javascript-api.ts',
    file: 'src/file.ts',
    indexeddb: 'src/indexeddb.ts',
    metrics: 'src/metrics.ts',
    opentelemetry: 'src/opentelemetry.ts',
    postgres: 'src/postgres.ts',
    relay: 'src/relay.ts',
    sqlite: 'src/sqlite.ts',
    ntlm: 'src/ntlm.ts',
    testing: 'src/testing.ts',
    'testing-jest': 'src/testing-jest.ts',
    'testing-msw': 'src/testing-msw.ts',
    'testing-vitest': 'src/testing-vitest.ts',
  },
  target: 'node22',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  // A map would hold every source a second time, with paths of the machine that built it.
  sourcemap: false,
  define: homepage === undefined ? {} : { OFFLINE_IM_HOMEPAGE: JSON.stringify(homepage) },
  removeNodeProtocol: false,
  clean: false,
} satisfies Options;

/** Both copies fit where one did with its names; the line breaks are left for stack traces. */
const small: Required<Pick<Options, 'esbuildOptions'>> = {
  esbuildOptions: (options) => {
    options.minify = true;
    options.lineLimit = 160;
  },
};

export default defineConfig(({ outDir = 'dist' }) => {
  // Here, not by `clean`: the three builds run side by side.
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  // Declared once, for both: an ES module may take its types from CommonJS, not the other way round.
  for (const name of Object.keys(shared.entry)) writeFileSync(join(outDir, `${name}.d.ts`), `export * from './${name}.cjs';\n`);
  // But the types of msw and Vitest are an ES module's, which CommonJS may not name: here each kind has its own. No hook runs after the declarations.
  process.once('exit', (code) => {
    for (const name of ['testing-msw', 'testing-vitest']) {
      const declared = join(outDir, `${name}.d.cts`);
      if (code === 0 && existsSync(declared)) copyFileSync(declared, join(outDir, `${name}.d.ts`));
    }
  });
  return [
    // The command line is a program, which nobody requires.
    { ...shared, ...small, entry: { ...shared.entry, cli: 'src/cli/main.ts' }, format: 'esm' },
    {
      ...shared,
      ...small,
      format: 'cjs',
      // Has no CommonJS form, and not every host can require() an ES module (Jest, bundlers, `--no-experimental-require-module`).
      noExternal: [/^p-retry$/, /^is-network-error$/],
      // Rollup then writes the CommonJS; the default would also rewrite `?.` and `??` into helper calls.
      treeshake: true,
    },
    // Symbol.asyncDispose, for users whose own `lib` is older.
    {
      ...shared,
      format: 'cjs',
      dts: { only: true, compilerOptions: { stripInternal: true }, banner: '/// <reference lib="esnext.disposable" />' },
    },
  ];
});
