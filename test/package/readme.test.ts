import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

/** The code that the test runs; test/docs/snippets.test.ts compiles all of it. */
function programs(): string[] {
  return [...readme.matchAll(/<!-- test: run -->\n```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
}

/** In the repository, so that its dependencies and types are found; ignored by git. */
async function scratch(sources: readonly string[]): Promise<{ folder: string; files: string[] }> {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp', 'readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = sources.map((_, index) => join(folder, `block-${index}.ts`));
  for (const [index, file] of files.entries()) await writeFile(file, sources[index] ?? '');
  return { folder, files };
}

it('README runs as shown, and prints what it says', async () => {
  const { files } = await scratch(programs());
  const args = ['--import', './examples/from-source.ts', files[0] ?? ''];
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 300_000 });
  const [, promised = ''] = /It prints:\n\n```\n([\s\S]*?)```/.exec(readme) ?? [];
  // Exchange has the note before its response is read, so the last two lines may change places.
  expect(stdout.split('\n').sort()).toEqual(promised.split('\n').sort());
});

it.each(['npm ci && npm run demo', 'npm ci && npm test'])(
  'README names the command %s, which exists in package.json',
  async (command) => {
    expect(readme).toContain(`\`\`\`sh\n${command}\n\`\`\``);
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(scripts).toHaveProperty(command.split(' ').at(-1) ?? '');
  },
);

it('README names every entry, and no other', async () => {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> };
  const entries = Object.keys(exports).filter((subpath) => !subpath.endsWith('.json'));
  const table = readme.slice(readme.indexOf('## Entries'), readme.indexOf('## Requirements'));
  const named = [...table.matchAll(/`(offline-im(?:\/[\w-]+)+)`/g)].map(([, name = '']) => `.${name.slice('offline-im'.length)}`);
  expect(['.', ...named].sort()).toEqual(entries.sort());
});

it('the commands of README are what .ci/run runs', async () => {
  const script = await readFile(join(root, '.ci', 'run'), 'utf8');
  expect(script.replaceAll(' </dev/null', '')).toContain('\nnpm ci && npm test\n');
});

const pages = (await readdir(join(root, 'docs'), { recursive: true }))
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name));

it.each(['README.md', ...pages])('no link in %s is broken', async (name) => {
  const file = join(root, name);
  const links = [...(await readFile(file, 'utf8')).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, to = '']) => to);
  for (const link of links.filter((to) => !/^https?:/.test(to))) {
    expect((await stat(join(dirname(file), link)).catch(() => undefined))?.isFile(), link).toBe(true);
  }
});
