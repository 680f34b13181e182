/**
 * The programs that tests start as processes. Each is bundled once in a run, into the folder of the run: a process finds, reads and links hundreds of files
 * anew, which costs more than most of them do. Where there is no such folder, as for a program that a person starts, it is the source that runs.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const root = resolve(import.meta.dirname, '../..');
const made = new Map<string, string>();

/** Where the program of a TypeScript file lies. Its imports are bundled; what it finds by `import.meta` must not lie beside it. */
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

/** A module for `--import`, by which what says `offline-im` finds it: bundled as users have it, or its source. */
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
    // Whole at once: other processes may be loading it.
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

/** Several processes may make the same one: whoever is first keeps it. */
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
