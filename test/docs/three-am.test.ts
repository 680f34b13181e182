import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';

const page = join(import.meta.dirname, '../../docs/three-am.md');

it('every command on the page for 3 a.m. is one, with options that it has', async () => {
  const text = await readFile(page, 'utf8');
  const lines = [...text.matchAll(/^\$ offline-im (.+)$|`offline-im ([a-z-]+[^`]*)`/gm)].map(
    ([, block, inline]) => block ?? inline ?? '',
  );
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines) {
    const [name, ...args] = line.match(/'[^']*'|\S+/g) ?? [];
    const command = commands.find((one) => one.name === name);
    expect(command, line).toBeDefined();
    const options = Object.fromEntries(Object.entries(command?.options ?? {}).map(([option, { type }]) => [option, { type }]));
    expect(() => parseArgs({ args, options, allowPositionals: true, strict: true }), line).not.toThrow();
  }
});

it('has ten symptoms', async () => {
  const text = await readFile(page, 'utf8');
  expect([...text.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
