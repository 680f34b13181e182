/**
 * The documentation as a site, from the very files that are in the package: `npm run docs`. Every page keeps its path, so that a link that works in the
 * package works here; a link that leads nowhere, and a warning of typedoc, fail the build.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Section, sections } from './sections.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const stage = join(import.meta.dirname, '.site');
const bin = join(import.meta.dirname, 'node_modules');

async function main(): Promise<void> {
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  await cp(join(root, 'docs'), join(stage, 'docs'), { recursive: true });
  for (const name of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'])
    await cp(join(root, name), join(stage, name));
  await writeFile(join(stage, 'LICENSE.md'), `# License\n\n\`\`\`\n${await readFile(join(root, 'LICENSE'), 'utf8')}\`\`\`\n`);
  await cp(join(import.meta.dirname, 'index.md'), join(stage, 'index.md'));
  await cp(join(import.meta.dirname, '.vitepress'), join(stage, '.vitepress'), { recursive: true });
  await writeExamples();
  await reference();
  await linkExamples(stage);
  const all = [...sections, ...(await unlisted())];
  await writeFile(join(stage, '.vitepress', 'sections.json'), JSON.stringify(all));
  await mkdir(join(stage, 'public'), { recursive: true });
  await writeFile(join(stage, 'public', 'llms.txt'), await llms(all));
  await quiet('vitepress/bin/vitepress.js', ['build', stage]);
  console.log(`Built ${join(stage, '.vitepress', 'dist')}`);
}

/** A page for each source file of the examples. */
async function writeExamples(): Promise<void> {
  for (const name of await readdir(join(root, 'examples'), { recursive: true })) {
    if (!/\.(ts|m?js|py|html|yaml|md)$/.test(name) || name.startsWith('demo')) continue;
    const ending = name.split('.').at(-1) ?? '';
    const source = await readFile(join(root, 'examples', name), 'utf8');
    const page = join(stage, 'examples', ending === 'md' ? name : `${name}.md`);
    await mkdir(dirname(page), { recursive: true });
    const code = `# ${name}\n\n\`\`\`${ending === 'mjs' ? 'js' : ending}\n${source}\`\`\`\n`;
    await writeFile(page, ending === 'md' ? source : code);
  }
}

/** The reference of every public entry. */
async function reference(): Promise<void> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, unknown>>;
  };
  const entries = Object.keys(exports).flatMap((subpath) =>
    subpath.endsWith('.json') ? [] : ['--entryPoints', `src/${subpath.slice(2).replaceAll('/', '-') || 'index'}.ts`],
  );
  const options = [
    '--plugin',
    'typedoc-plugin-markdown',
    '--readme',
    'none',
    '--excludePrivate',
    '--excludeInternal',
    '--disableSources',
  ];
  const out = [
    '--tsconfig',
    'tsconfig.json',
    '--skipErrorChecking',
    '--name',
    'Reference',
    '--hideBreadcrumbs',
    '--out',
    join(stage, 'reference'),
  ];
  // What one entry exports and another names is documented there; the report of the API (test/package/api) holds every name.
  const checks = ['--validation.notExported', 'false', '--validation.invalidLink', 'true', '--treatWarningsAsErrors'];
  await quiet('typedoc/bin/typedoc', [...entries, ...options, ...out, ...checks]);
}

/** In the package a link leads to an example's source, here to its page. */
async function linkExamples(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.md') || name.startsWith('reference')) continue;
    const text = await readFile(join(folder, name), 'utf8');
    const linked = text
      .replaceAll(/\]\(((?:\.\.\/)*examples\/[^)#]+\.(?:ts|m?js|py|html|yaml))\)/g, ']($1.md)')
      .replaceAll(/\]\(((?:\.\.\/)*)LICENSE\)/g, ']($1LICENSE.md)')
      // What the tests are told.
      .replaceAll(/^<!-- [\s\S]*?-->\n/gm, '');
    if (linked !== text) await writeFile(join(folder, name), linked);
  }
}

/** Pages of docs/ that nobody has put into an order yet. */
async function unlisted(): Promise<Section[]> {
  const listed = new Set(sections.flatMap(({ items }) => items.map(({ link }) => link)));
  const items: { text: string; link: string }[] = [];
  for (const name of (await readdir(join(stage, 'docs'), { recursive: true })).sort()) {
    const link = `/docs/${name.replace(/\.md$/, '')}`;
    if (!name.endsWith('.md') || listed.has(link)) continue;
    const [, text = name] = /^# (.*)$/m.exec(await readFile(join(stage, 'docs', name), 'utf8')) ?? [];
    items.push({ text, link });
  }
  return items.length === 0 ? [] : [{ text: 'More', items }];
}

/** What a language model should read first: https://llmstxt.org. */
async function llms(all: readonly Section[]): Promise<string> {
  const { description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { description: string };
  const lines = [`# offline-im`, '', `> ${description}`];
  for (const { text, items } of all) {
    lines.push('', `## ${text}`, '');
    for (const { text: title, link } of items) lines.push(`- [${title}](${link}.html)`);
  }
  return `${lines.join('\n')}\n`;
}

/** A program of ours; whatever it warns of fails the build. */
async function quiet(program: string, args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await run(process.execPath, [join(bin, program), ...args], {
    cwd: root,
    maxBuffer: 64 * 1024 ** 2,
    env: { ...process.env, NO_COLOR: '1' },
  }).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${program} failed:\n${error.stdout}${error.stderr}`);
  });
  const warnings = `${stdout}\n${stderr}`.split('\n').filter((line) => /\bwarn/i.test(line));
  if (warnings.length > 0) throw new Error(`${program} warns:\n${warnings.join('\n')}`);
}

await main();
