import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { programOf } from '../../support/program.ts';
import { statesOf } from '../../support/spool-entries.ts';
import type { ChildLine } from './child-options.ts';
import { world } from './support.ts';

const script = programOf(new URL('./copier.ts', import.meta.url));

/** ms. Without a lock outside the folder the file was damaged within 12 s. */
const takes = 20_000;

async function copier(path: string, name: string): Promise<{ readonly lines: readonly ChildLine[]; readonly code: unknown }> {
  const child = spawn(process.execPath, [script, path, name, String(takes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const [code] = await once(child, 'close');
  const lines = Buffer.concat(said).toString().trim().split('\n');
  return { lines: lines.map((line) => JSON.parse(line) as ChildLine), code };
}

it('keeps everything and duplicates nothing while every writing process also copies its folder', async () => {
  await using at = await world();
  const hosts = await Promise.all(['a', 'b', 'c'].map((name) => copier(at.path, name)));
  expect(hosts.map(({ code }) => code)).toEqual([0, 0, 0]);
  const lines = hosts.map((host) => host.lines);
  expect(lines.map((said) => said.at(-1))).toEqual([{ ended: true }, { ended: true }, { ended: true }]);
  for (const said of lines) expect(Math.max(...said.map(({ copies = 0 }) => copies))).toBeGreaterThan(20);
  expect(at.raw((database) => database.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' });
  const states = await statesOf(await at.open());
  const kept = lines.flat().flatMap((line) => line.kept ?? []);
  expect(kept.length).toBeGreaterThan(100);
  expect(kept.filter((id) => states[id] === undefined)).toEqual([]);
  const claimed = lines.flat().flatMap((line) => line.claimed ?? []);
  expect(claimed.length).toBeGreaterThan(20);
  expect(claimed).toHaveLength(new Set(claimed).size);
});
