import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, it } from 'vitest';
import { build, type Packed, root } from './packed.ts';

export function contentTests(packed: () => Packed): void {
  it('contains the build, the documents, the examples and nothing else', () => {
    const { files } = packed();
    expect(files).toEqual(expect.arrayContaining(['docs/guarantees.md', 'examples/quick-start.ts']));
    const others = files.filter((path) => !/^(dist|docs|examples)\//.test(path)).sort();
    expect(others).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']);
    expect(files.filter((path) => path.startsWith('dist/') && !/\.(c?js|d\.c?ts)$/.test(path))).toEqual([]);
    expect(
      files.filter(
        (path) =>
          path.startsWith('examples/') && !/^examples\/([\w-]+\/)?[\w-]+(\.test)?\.(ts|m?js|py|html|json|yaml|md)$/.test(path),
      ),
    ).toEqual([]);
    expect(files.filter((path) => path.startsWith('examples/demo/') || path === 'examples/from-source.ts')).toEqual([]);
  });

  it('contains everything its pages link to', async () => {
    const { files, installed } = packed();
    const dead: string[] = [];
    for (const page of files.filter((path) => path.endsWith('.md'))) {
      const text = await readFile(join(installed, page), 'utf8');
      for (const [, to = ''] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
        if (/^[a-z]+:/.test(to)) continue;
        const target = posix.normalize(posix.join(posix.dirname(page), to));
        if (!files.includes(target)) dead.push(`${page}: ${to}`);
      }
    }
    expect(dead).toEqual([]);
  });

  it('contains no source map, and no path of the build machine', async () => {
    const { files, installed } = packed();
    for (const path of files.filter((name) => name.startsWith('dist/'))) {
      const text = await readFile(join(installed, path), 'utf8');
      expect(text.includes('sourceMappingURL'), path).toBe(false);
      expect(text.includes(root), path).toBe(false);
    }
  });

  it('is identical, byte by byte, if built again elsewhere', async () => {
    const again = await mkdtemp(join(tmpdir(), 'offline-im-build-'));
    try {
      await build(again);
      const names = (await readdir(again)).sort();
      expect(names).toEqual((await readdir(join(packed().installed, 'dist'))).sort());
      for (const name of names) {
        const [one, other] = await Promise.all([again, join(packed().installed, 'dist')].map((at) => readFile(join(at, name))));
        expect(one?.equals(other ?? Buffer.alloc(0)), name).toBe(true);
      }
    } finally {
      await rm(again, { recursive: true, force: true });
    }
  });

  it('exports every entry of src/ and nothing else, each as ESM, as CJS and for node10', async () => {
    const { manifest, installed } = packed();
    const sources = (await readdir(join(root, 'src'))).filter((name) => name.endsWith('.ts')).map((name) => name.slice(0, -3));
    const subpaths = Object.keys(manifest.exports).flatMap((subpath) =>
      /^\.\/[\w/-]+$/.test(subpath) ? [subpath.slice(2)] : [],
    );
    expect(['index', ...subpaths.map((name) => name.replace('/', '-'))].sort()).toEqual(sources.sort());
    expect(Object.keys(manifest.typesVersions['*'] ?? {}).sort()).toEqual(subpaths.sort());
    for (const path of pathsIn([manifest.exports, manifest.typesVersions])) {
      expect((await stat(join(installed, path))).isFile(), path).toBe(true);
    }
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
    // With node10 too, TypeScript 5's default for CommonJS: it ignores exports, and finds the subpaths by typesVersions.
    const { tarball, tool } = packed();
    const { code, text } = await tool('@arethetypeswrong/cli/dist/index.js', [tarball, '--no-color', '--no-emoji']);
    expect(code, text).toBe(0);
  });
}

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value as object).flatMap(pathsIn);
}
