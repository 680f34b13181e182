import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
};

/** Modules that a pattern finds in the files of src/, and the files that name them. */
function named(pattern: RegExp): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(root, 'src', name), 'utf8');
    for (const [, specifier = ''] of text.matchAll(pattern)) found.set(specifier, name);
  }
  return found;
}

/** The modules they load, without types. */
const loaded = () => named(/^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gm);
/** The modules whose types they augment. */
const added = () => named(/^declare module '([^']+)'/gm);

describe('a peer dependency', () => {
  it('accepts any version an application may have: npm refuses versions outside a range, even if nothing loads the package', () => {
    expect(Object.entries(manifest.peerDependencies).filter(([, range]) => range !== '*')).toEqual([]);
    const names = Object.keys(manifest.peerDependencies);
    expect(names.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([]);
  });

  it('is declared only if a file loads it or augments its types', () => {
    const specifiers = [...loaded().keys(), ...added().keys()];
    expect(Object.keys(manifest.peerDependencies).filter((name) => !specifiers.includes(name))).toEqual([]);
  });

  it('is declared if its types are augmented: where packages are isolated (pnpm, Yarn), nothing else is found', () => {
    expect([...added().keys()].filter((name) => !Object.hasOwn(manifest.peerDependencies, name))).toEqual([]);
    expect(added().has('vitest')).toBe(true);
  });

  it('no module is loaded at once that Jest 29 takes for missing because it exists only with `node:`', () => {
    const only = builtinModules.filter((name) => name.startsWith('node:'));
    expect(only).toContain('node:sqlite');
    const found = loaded();
    expect(found.has('node:fs')).toBe(true);
    expect(only.flatMap((name) => (found.has(name) ? [`${name} in ${found.get(name)}`] : []))).toEqual([]);
  });
});
