/**
 * The programs that tests start as processes. Each is bundled once per run, into the folder of the run: finding, reading and
 * linking hundreds of files in every process would take longer than most of them run. Without such a folder, as for a program
 * started by a person, the source runs.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const made = new Map<string, string>();

/** The path of the program for a TypeScript file. Its imports are bundled; files it finds by `import.meta` cannot be beside the bundle. */
export function programOf(url: URL): string {
  const source = fileURLToPath(url);
  const { OFFLINE_IM_TEST_FOLDER: ofTheRun } = process.env;
  if (ofTheRun === undefined) return source;
  let program = made.get(source);
  if (program === undefined) {
    const folder = join(ofTheRun, 'programs', relative(root, source).replaceAll(/[^\w-]/g, '_'));
    bundle([source], folder, ofTheRun);
    program = join(folder, `${basename(source, '.ts')}.mjs`);
    made.set(source, program);
  }
  return program;
}

/** A module for `--import` that resolves `offline-im`: bundled as users have it, or to its source. */
export function findsPackage(): string {
  const { OFFLINE_IM_TEST_FOLDER: ofTheRun } = process.env;
  if (ofTheRun === undefined) return pathToFileURL(join(root, 'examples/from-source.ts')).href;
  const folder = join(ofTheRun, 'programs', 'package');
  const entries = readdirSync(join(root, 'src')).filter((name) => name.endsWith('.ts'));
  bundle(
    entries.map((name) => join(root, 'src', name)),
    folder,
    ofTheRun,
  );
  const hook = join(ofTheRun, 'programs', 'finds-package.mjs');
  if (!existsSync(hook)) {
    // Atomic: other processes may be loading it.
    writeFileSync(`${hook}-${process.pid}`, hookSource);
    renameSync(`${hook}-${process.pid}`, hook);
  }
  return pathToFileURL(hook).href;
}

const hookSource = `import { registerHooks } from 'node:module';
registerHooks({
  resolve(specifier, context, next) {
    const [name, ...entry] = specifier.split('/');
    if (name !== 'offline-im') return next(specifier, context);
    return next(new URL('./package/' + (entry.join('-') || 'index') + '.mjs', import.meta.url).href, context);
  },
});
`;

/** Several processes may create the same bundle: the first one wins. */
function bundle(entryPoints: string[], folder: string, ofTheRun: string): void {
  if (existsSync(folder)) return;
  mkdirSync(join(ofTheRun, 'programs'), { recursive: true });
  unlessThere(() => symlinkSync(join(root, 'node_modules'), join(ofTheRun, 'programs', 'node_modules')));
  const own = `${folder}-${process.pid}`;
  buildSync({
    entryPoints,
    outdir: own,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    target: 'node22',
    keepNames: true,
    logLevel: 'error',
  });
  unlessThere(() => renameSync(own, folder));
  rmSync(own, { recursive: true, force: true });
}

function unlessThere(make: () => void): void {
  try {
    make();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST' && code !== 'ENOTEMPTY') throw error;
  }
}
