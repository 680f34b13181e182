import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');
const logins = await readFile(join(root, 'docs', 'authentication.md'), 'utf8');
const guide = await readFile(join(root, 'docs', 'write-a-transport.md'), 'utf8');
const adapter = await readFile(join(root, 'docs', 'ews-javascript-api.md'), 'utf8');
const encryption = await readFile(join(root, 'docs', 'encryption.md'), 'utf8');

/** The code after a line that says what the test does with it. */
function blocks(mark: 'run' | 'compile', page = readme): string[] {
  return [...page.matchAll(new RegExp(`<!-- test: ${mark} -->\\n\`\`\`ts\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, code = '']) => code,
  );
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

it('has no TypeScript that no test looks at', () => {
  expect(blocks('run').length + blocks('compile').length).toBe(readme.match(/```ts\n/g)?.length);
});

it('runs as it stands, and prints what it says', async () => {
  const { files } = await scratch(blocks('run'));
  const args = ['--import', './examples/from-source.ts', files[0] ?? ''];
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 300_000 });
  const [, promised = ''] = /It prints:\n\n```\n([\s\S]*?)```/.exec(readme) ?? [];
  // Exchange has the note before its answer is read, so the last two lines may change places.
  expect(stdout.split('\n').sort()).toEqual(promised.split('\n').sort());
});

it('compiles', async () => {
  const { folder, files } = await scratch([
    ...blocks('run'),
    ...blocks('compile'),
    ...blocks('compile', guide),
    ...blocks('compile', logins),
    ...blocks('compile', encryption),
    ...blocks('compile', adapter),
  ]);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: [], files }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
  // Errors of the sources are those of `npm run typecheck`.
  expect(stdout.split('\n').filter((line) => line.includes('block-'))).toEqual([]);
});

it.each(['npm ci && npm run demo', 'npm ci && npm test'])('names the command %s, and package.json has it', async (command) => {
  expect(readme).toContain(`\`\`\`sh\n${command}\n\`\`\``);
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(scripts).toHaveProperty(command.split(' ').at(-1) ?? '');
});

it('is what .ci/run calls', async () => {
  const script = await readFile(join(root, '.ci', 'run'), 'utf8');
  expect(script.replaceAll(' </dev/null', '')).toContain('\nnpm ci && npm test\n');
});

const pages = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);

it.each(['README.md', ...pages])('has no link in %s that leads nowhere', async (name) => {
  const file = join(root, name);
  const links = [...(await readFile(file, 'utf8')).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, to = '']) => to);
  for (const link of links.filter((to) => !/^https?:/.test(to))) {
    expect((await stat(join(dirname(file), link)).catch(() => undefined))?.isFile(), link).toBe(true);
  }
});
