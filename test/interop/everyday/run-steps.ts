import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The result of each step of a script. */
export type Steps = Readonly<Record<string, unknown>>;

/** Runs a file of `scripts/` with that interpreter: it prints its steps as one line of JSON. */
export async function runSteps(
  interpreter: string,
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Steps> {
  const path = fileURLToPath(new URL(`./scripts/${script}`, import.meta.url));
  const child = spawn(interpreter, [path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
    env: { ...process.env, ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  await once(child, 'close');
  if (!out.startsWith('{')) throw new Error(`${script} failed: ${err.slice(-1000)}`);
  return JSON.parse(out);
}
