import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, it } from 'vitest';
import type { Packed } from './packed.ts';

export function contentTests(packed: () => Packed): void {
  it('holds what is built, the documents and nothing else', () => {
    const { files } = packed();
    expect(files).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs/guarantees.md']));
    const others = files.filter((path) => !/^(dist|docs)\//.test(path)).sort();
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    expect(files.filter((path) => path.startsWith('dist/') && !/\.(c?js|d\.c?ts)(\.map)?$/.test(path))).toEqual([]);
  });

  it('has every file that its exports name', async () => {
    const { manifest, installed } = packed();
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './ews-javascript-api',
      './file',
      './indexeddb',
      './ntlm',
      './postgres',
      './sqlite',
      './testing',
      './package.json',
    ]);
    for (const path of pathsIn(manifest.exports)) expect((await stat(join(installed, path))).isFile()).toBe(true);
  });

  it('passes publint', async () => {
    const { tarball } = packed();
    const content = await readFile(tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) },
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('passes are-the-types-wrong', async () => {
    // node10 knows no exports, and TypeScript 6 calls that resolution deprecated.
    const { tarball, tool } = packed();
    const { code, text } = await tool('@arethetypeswrong/cli/dist/index.js', [
      tarball,
      '--profile',
      'node16',
      '--no-color',
      '--no-emoji',
    ]);
    expect(code, text).toBe(0);
  });
}

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value as object).flatMap(pathsIn);
}
