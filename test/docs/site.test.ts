import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sections } from '../../docs-site/sections.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');

it('the page order of the site lists existing pages, each once', async () => {
  const pages = (await readdir(docs, { recursive: true })).filter((name) => name.endsWith('.md'));
  const links = sections.flatMap(({ items }) => items.map(({ link }) => link)).filter((link) => link.startsWith('/docs/'));
  expect(pages).toEqual(expect.arrayContaining(links.map((link) => `${link.slice('/docs/'.length)}.md`)));
  expect(new Set(links).size).toBe(links.length);
});
