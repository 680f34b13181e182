import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { programOf } from '../support/program.ts';

const script = programOf(new URL('./sender-process.ts', import.meta.url));

/** Fills a spool with a message of each kind, in its own process; with `stay`, that process continues as its sender until it is killed. */
export async function fill(kind: string, where: string, stay: boolean): Promise<ChildProcess> {
  const child = spawn(process.execPath, [script, kind, where, ...(stay ? ['stay'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => ['']) as Promise<[string]>]);
  if (!String(first).startsWith('ready')) throw new Error('The sender could not fill the spool.');
  if (!stay && child.exitCode === null) await once(child, 'exit');
  return child;
}
