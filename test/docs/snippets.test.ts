import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { findsPackage } from '../support/program.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

interface Snippet {
  readonly page: string;
  readonly mark: 'run' | 'compile' | undefined;
  readonly code: string;
}

const inDocs = await readdir(join(root, 'docs'), { recursive: true });
const pages = ['README.md', ...inDocs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
const snippets = (await Promise.all(pages.map(snippetsOf))).flat();

/**
 * The TypeScript of a page. The line before it says what the test does: `<!-- test: run -->`, `<!-- test: compile -->`, or `<!--
 * test: compile, given: … -->` with declarations for the reader's own code.
 */
async function snippetsOf(page: string): Promise<Snippet[]> {
  const text = await readFile(join(root, page), 'utf8');
  const found = text.matchAll(/(?:<!-- test: (run|compile)(?:, given: ([\s\S]*?))? -->\n)?^```ts\n([\s\S]*?)^```/gm);
  return [...found].map(([, mark, given = '', code = '']) => ({
    page,
    mark: mark as Snippet['mark'],
    code: given === '' ? code : `${code}\n${given}\nexport {};\n`,
  }));
}

/** In the repository, so that its dependencies and types are found; ignored by git. */
async function scratch(of: readonly Snippet[]): Promise<{ folder: string; files: string[] }> {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const folder = mkdtempSync(join(root, '.tmp', 'snippets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = of.map(({ page }, index) => join(folder, `${page.replaceAll(/[/\\.]/g, '-')}-${index}.ts`));
  for (const [index, file] of files.entries()) await writeFile(file, of[index]?.code ?? '');
  return { folder, files };
}

it('no TypeScript in README and docs is left unchecked', () => {
  expect(snippets.filter(({ mark }) => mark === undefined).map(({ page, code }) => `${page}: ${code.split('\n')[0]}`)).toEqual(
    [],
  );
  expect(snippets.length).toBeGreaterThan(20);
});

it('all snippets compile', async () => {
  const { folder, files } = await scratch(snippets);
  // Unused names are for the reader to use; a package that is not installed here has type any.
  await writeFile(
    join(folder, 'others.d.ts'),
    `declare module '@azure/identity' {
       export class ClientSecretCredential {
         constructor(tenant: string, client: string, secret: string);
         getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
       }
     }`,
  );
  const include = [...files, join(folder, 'others.d.ts')];
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: [], files: include }));
  const tsc = join(root, 'node_modules/typescript-native/bin/tsc');
  const compiled = run(process.execPath, [tsc, '-p', folder, '--checkers', '1']);
  const { stdout, stderr } = await compiled.catch((error: { stdout: string; stderr: string }) => error);
  // Not empty if the compiler itself could not run.
  expect(stderr).toBe('');
  // Errors in the sources are reported by `npm run typecheck`.
  expect(stdout.split('\n').filter((line) => line.includes('snippets-'))).toEqual([]);
});

it('the first note of the tutorial arrives with the subject shown there', async () => {
  const tutorial = snippets.filter(({ page, mark }) => page.endsWith('first-note.md') && mark === 'run');
  const { files } = await scratch(tutorial);
  const args = ['--import', findsPackage(), files[0] ?? ''];
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 300_000 });
  expect(stdout).toBe('Alice Example sent you a message in Skype for Business\n');
});
