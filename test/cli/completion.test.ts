import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';

/** The completions that bash would offer for a line. */
function completed(script: string, words: readonly string[]): readonly string[] {
  const line = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _offline_im; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', line], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

it('completes commands and options in bash, lists all for fish, and refuses other shells', async () => {
  const { code, out } = await offlineIm(['completion', 'bash']);
  expect(code).toBe(0);
  expect(completed(out, ['offline-im', 'ex'])).toEqual(['explain', 'export']);
  expect(completed(out, ['offline-im', 'pause', '--w'])).toEqual(['--why']);
  const fish = await offlineImHere(['completion', 'fish']);
  expect(fish.out).toContain("complete -c offline-im -n '__fish_seen_subcommand_from pause' -l why -r -d ");
  expect((await offlineImHere(['completion', 'tcsh'])).code).toBe(2);
});
