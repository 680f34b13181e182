import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** An entry of the installed package, with what its files import; read from the package, so that a new entry is in every cell by itself. */
interface Entry {
  /** As a user imports it. */
  readonly specifier: string;
  /** Packages that its modules import. */
  readonly packages: ReadonlySet<string>;
  /** Packages that its declarations import. */
  readonly types: ReadonlySet<string>;
  /** Whether a module of Node is among its imports. */
  readonly node: boolean;
}

type Targets = Readonly<Record<'import' | 'require', Readonly<Record<'types' | 'default', string>>>>;

/**
 * Writes into the project what a cell's program loads: `entries.mjs`, `entries.cjs`, `entries.ts` and `browser-entries.mjs`, each with the
 * entries whose packages are installed there. Resolves with the specifiers of the modules.
 */
export async function writeEntries(project: string, without?: RegExp): Promise<readonly string[]> {
  const all = await entriesOf(join(project, 'node_modules', 'offline-im'));
  const entries = all.filter(({ specifier }) => without?.test(specifier) !== true);
  const installed = (names: ReadonlySet<string>) => [...names].every((name) => existsSync(join(project, 'node_modules', name)));
  const loaded = entries.filter(({ packages }) => installed(packages));
  const typed = loaded.filter(({ types }) => installed(types));
  await writeFile(join(project, 'entries.mjs'), asEsm(loaded));
  await writeFile(join(project, 'browser-entries.mjs'), asEsm(loaded.filter(({ node }) => !node)));
  await writeFile(join(project, 'entries.ts'), asEsm(typed));
  const required = loaded.map(({ specifier }) => `  '${specifier}': require('${specifier}'),\n`);
  await writeFile(join(project, 'entries.cjs'), `exports.entries = {\n${required.join('')}};\n`);
  return loaded.map(({ specifier }) => specifier);
}

function asEsm(entries: readonly Entry[]): string {
  const imports = entries.map(({ specifier }, at) => `import * as entry${at} from '${specifier}';\n`);
  const list = entries.map(({ specifier }, at) => `  '${specifier}': entry${at},\n`);
  return `${imports.join('')}export const entries = {\n${list.join('')}};\n`;
}

async function entriesOf(installed: string): Promise<Entry[]> {
  const { exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, Targets | string>>;
  };
  const entries: Entry[] = [];
  for (const [subpath, targets] of Object.entries(exports)) {
    if (typeof targets === 'string') continue;
    const modules = await importsOf(join(installed, targets.import.default));
    const types = await typesOf(join(installed, targets.require.types));
    entries.push({
      specifier: `offline-im${subpath.slice(1)}`,
      packages: packagesIn(modules),
      types: packagesIn(types),
      node: [...modules].some((name) => name.startsWith('node:')),
    });
  }
  return entries;
}

/** Every package and module of Node that a module and the files it imports name. */
async function importsOf(file: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  return new Set(imports.flatMap(({ path, external }) => (external === true ? [path] : [])));
}

const specifiers = /(?<![.\w])(?:from|import|declare module)\s*\(?\s*["']([@\w./:-]+)["']/g;

/** Likewise of a declaration, where `./x.cjs` means `./x.d.cts`. */
async function typesOf(file: string, seen = new Set<string>(), found = new Set<string>()): Promise<ReadonlySet<string>> {
  if (seen.has(file)) return found;
  seen.add(file);
  for (const [, name = ''] of (await readFile(file, 'utf8')).matchAll(specifiers)) {
    if (!name.startsWith('.')) found.add(name);
    else await typesOf(join(file, '..', name.replace(/\.(c?)js$/, '.d.$1ts')), seen, found);
  }
  return found;
}

function packagesIn(imports: ReadonlySet<string>): ReadonlySet<string> {
  const names = [...imports].filter((name) => !name.startsWith('node:'));
  return new Set(names.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')));
}
