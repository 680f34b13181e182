import { run } from '../../src/cli/run.ts';
import type { Ran } from './offline-im.ts';

/** Like {@link offlineIm}, but in this process: starting a process costs a hundred times more, and shows no more if only output and exit code count. */
export async function offlineImHere(
  args: readonly string[],
  {
    env = {},
    input = '',
    cwd = process.cwd(),
    signal = new AbortController().signal,
  }: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string; signal?: AbortSignal } = {},
): Promise<Ran> {
  const texts = { out: '', err: '' };
  const code = await run(args, {
    streams: {
      out: { write: (text) => (texts.out += text) },
      err: { write: (text) => (texts.err += text) },
      terminal: false,
      colours: false,
      columns: undefined,
    },
    version: '0.0.0',
    env: { PATH: process.env.PATH, ...env },
    cwd,
    signal,
    input: async () => input,
    ask: async () => undefined,
  });
  return { code, ...texts };
}
