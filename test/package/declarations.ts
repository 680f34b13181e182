import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import typescript from 'typescript';
import { expect, it } from 'vitest';
import type { Packed } from './packed.ts';

/** What a declaration file imports: modules, and types by reference, as the compiler reads it. */
function importsOf(source: string): readonly string[] {
  const { importedFiles, typeReferenceDirectives, referencedFiles } = typescript.preProcessFile(source, true, true);
  return [...importedFiles, ...typeReferenceDirectives, ...referencedFiles].map(({ fileName }) => fileName);
}

const strict = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  target: 'ES2022',
};
const projects = {
  'NodeNext, with the types of Node': {
    options: { module: 'NodeNext', lib: ['ES2022'], types: ['node'] },
    files: ['consumer.mts', 'consumer.cts', 'node.mts', 'node.cts'],
  },
  'a bundler, for browsers': {
    options: { module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM'], types: [] },
    files: ['consumer.mts', 'browser.mts'],
  },
} as const;

export function declarationTests(packed: () => Packed): void {
  it('name no type of a dependency', async () => {
    const dist = join(packed().installed, 'dist');
    const found = new Set<string>();
    for (const name of await readdir(dist)) {
      // Handlers belong to msw, and matchers are added to Vitest's: an importer of that entry has it installed.
      if (!/\.d\.c?ts$/.test(name) || /^testing-(msw|vitest)\./.test(name)) continue;
      for (const module of importsOf(await readFile(join(dist, name), 'utf8'))) found.add(module);
    }
    expect([...found].filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))).toEqual([]);
  });

  it.each(Object.entries(projects))('compile for %s, nothing skipped', async (_name, { options, files }) => {
    const { project, tool } = packed();
    const sources = join(import.meta.dirname, 'consumer');
    for (const kind of ['consumer', 'node', 'browser']) {
      // The same source as a module of each kind; kept as .txt so that the repository's own check ignores it.
      for (const ending of ['mts', 'cts']) await cp(join(sources, `${kind}.ts.txt`), join(project, `${kind}.${ending}`));
    }
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
    const { code, text } = await tool('typescript/bin/tsc', ['-p', 'tsconfig.json']);
    expect(code, text).toBe(0);
  });
}
