import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const root = join(import.meta.dirname, '..', '..');
const content = await readFile(join(root, 'package-lock.json'), 'utf8');
const { packages } = JSON.parse(content) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages);

describe('package-lock.json', () => {
  it('names no registry: npm uses the configured one', () => {
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(content).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });

  // npm install leaves out what its registry does not carry, and npm ci then refuses the file. Where a name is missing here,
  // add it as its siblings are: version, os, cpu, libc, dev, optional.
  it('has the optional packages of every platform', () => {
    const missing = locked.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
    );
    expect(missing).toEqual([]);
  });

  it('has the version of every package', () => {
    expect(locked.filter(([path, { version, link }]) => path !== '' && version === undefined && link !== true)).toEqual([]);
  });

  it('agrees with package.json', async () => {
    const own = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const field of ['name', 'version', 'license', 'dependencies', 'devDependencies', 'peerDependencies', 'engines']) {
      expect(Reflect.get(packages[''] ?? {}, field), field).toEqual(own[field]);
    }
  });
});

/** Beside the package that depends on it, or in a folder above. */
function isLocked(path: string, name: string): boolean {
  const folders = path.split('/node_modules/').map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
  return ['', ...folders].some((folder) => `${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages);
}
