import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Names of steps and events written in the sources; a template in a name is the kind of a claim. */
async function stepsInSource(): Promise<string[]> {
  const names = new Set<string>();
  for (const entry of await readdir(join(root, 'src'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || path.startsWith(join(root, 'src', 'testing'))) continue;
    const source = await readFile(path, 'utf8');
    for (const [, , name = ''] of source.matchAll(/\b(trace\.(?:step|event)\(|step: )['`]([^'`]+)['`]/g)) {
      for (const kind of name.includes('$') ? ['deliver', 'probe'] : ['']) names.add(name.replace(/\$\{.*\}/, kind));
    }
  }
  const events = await readFile(join(root, 'src', 'observability', 'events.ts'), 'utf8');
  const table = events.slice(events.indexOf('interface OfflineImEvents'), events.indexOf('/** Name of an event'));
  for (const [, name = ''] of table.matchAll(/^ {2}'?([\w:-]+)'?: /gm)) names.add(name);
  return [...names].sort();
}

it('docs/troubleshooting.md explains every step of the trace', async () => {
  const page = await readFile(join(root, 'docs', 'troubleshooting.md'), 'utf8');
  const steps = page.slice(page.indexOf('### Steps'), page.indexOf('### A lost answer'));
  const documented = [...steps.matchAll(/^\| (.*?) \| /gm)].flatMap(([, cell = '']) => cell.match(/(?<=`)[\w:-]+(?=`)/g) ?? []);
  const known = await stepsInSource();
  expect(known.length).toBeGreaterThan(30);
  expect(known.filter((step) => !documented.includes(step))).toEqual([]);
});
