import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';
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

const src = resolve('src');

/**
 * What lies together in one file. Without this esbuild makes a file for each set of entries that share something, and finding, reading and linking two dozen small
 * files costs more than running their code. `for`: the entries that use anything of it, and so load all of it.
 */
const together: Readonly<Record<string, { readonly files: RegExp; readonly for: RegExp }>> = {
  basics: {
    files:
      /^(core\/.*|message\/address|spool\/(contract|entry)|transport\/(decompressed|dispatched-response|fetch)|ews\/xml\/(namespaces|opening-tag|read|write)|graph\/client\/json)\.ts$/,
    for: /./,
  },
  spools: {
    files: /^(spool\/(admin\/(?!asked-spool|calls).*|state\/.*|arguments|journaled\/(json-shape|record-readers)))\.ts$/,
    for: /^(index|admin|dashboard|file|indexeddb|postgres|sqlite|cli\/commands\/(?!completion|trace).*)\.ts$/,
  },
  journaled: {
    files: /^spool\/journaled\/(?!json-shape|record-readers).*\.ts$/,
    for: /^(index|admin|file|indexeddb|cli\/commands\/(?!completion|trace).*)\.ts$/,
  },
  operating: {
    files: /^(spool\/sealed\/.*|sender\/(call-options|entries|status)|observability\/stats|spooler\/lanes\/obstacles)\.ts$/,
    for: /^(index|admin|dashboard|cli\/commands\/(?!completion|trace).*)\.ts$/,
  },
};

/** Has each of these entries import every file of a group, so that they share all of it or none. Their code is run in the same order as before. */
const chunks: Plugin = {
  name: 'chunks',
  setup({ onResolve, onLoad }) {
    const all = readdirSync(src, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll('\\', '/'));
    const grouped = new Set(Object.values(together).flatMap(({ files }) => all.filter((file) => files.test(file))));
    const nameOf = (path: string): string => path.slice(src.length + 1).replaceAll('\\', '/');
    onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => {
      const found = resolve(resolveDir, path);
      // To esbuild, or it would leave out what an entry takes nothing from.
      return grouped.has(nameOf(found)) ? { path: found, sideEffects: true } : undefined;
    });
    onResolve({ filter: /^chunk:/ }, ({ path }) => ({ path, namespace: 'chunk', sideEffects: true }));
    onLoad({ filter: /./, namespace: 'chunk' }, ({ path }) => {
      const files = together[path.slice('chunk:'.length)]?.files ?? /^$/;
      return {
        resolveDir: src,
        contents: all
          .filter((file) => files.test(file))
          .map((file) => `import './${file}';`)
          .join('\n'),
      };
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const name = nameOf(path);
      if (dirname(path) !== src && !/^cli\/(main|commands\/[^/]+)\.ts$/.test(name)) return undefined;
      const groups = Object.keys(together).filter((group) => together[group]?.for.test(name));
      return {
        loader: 'ts',
        contents: [readFileSync(path, 'utf8'), ...groups.map((group) => `import 'chunk:${group}';`)].join('\n'),
      };
    });
  },
};

/** Both copies fit where one did with its names; the line breaks are left for stack traces. */
const small: Required<Pick<Options, 'esbuildOptions' | 'esbuildPlugins'>> = {
  esbuildPlugins: [chunks],
  esbuildOptions: (options) => {
    options.minify = true;
    options.lineLimit = 160;
  },
};

/** Rollup repeats a file's whole name at every use of what comes from it, which is a tenth of the CommonJS. The layout stays: Node and bundlers find exports and requires by it. */
function shortenCommonJs(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.cjs')) continue;
    const source = readFileSync(join(folder, name), 'utf8');
    const names = [...new Set(source.match(/\bchunk[A-Z0-9]{8}_cjs\b/g))];
    let prefix = '$';
    while (source.includes(prefix)) prefix += '$';
    const short = new Map(names.map((long, index) => [long, `${prefix}${index}`]));
    writeFileSync(
      join(folder, name),
      source.replaceAll(/\bchunk[A-Z0-9]{8}_cjs\b/g, (long) => short.get(long) ?? long),
    );
  }
}

export default defineConfig(({ outDir = 'dist' }) => {
  // Here, not by `clean`: the three builds run side by side.
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  // Declared once, for both: an ES module may take its types from CommonJS, not the other way round.
  for (const name of Object.keys(shared.entry)) writeFileSync(join(outDir, `${name}.d.ts`), `export * from './${name}.cjs';\n`);
  // No hook runs after the declarations. The types of msw and Vitest are an ES module's, which CommonJS may not name: here each kind has its own.
  process.once('exit', (code) => {
    if (code === 0) shortenCommonJs(outDir);
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
      // Where it looks for a package of the host's; `import.meta` is empty here.
      define: { ...shared.define, 'import.meta.filename': '__filename' },
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
