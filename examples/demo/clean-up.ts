/** Whatever happens to the demo: its processes end, by their own ids, and its folder goes. */
import { rmSync } from 'node:fs';
import type { SenderRun } from './sender-client.ts';

const processes = new Set<SenderRun>();
const folders = new Set<string>();

function atOnce(): void {
  for (const one of processes) one.kill();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  folders.clear();
}

process.on('exit', atOnce);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => process.exit(code));
}

export const cleanUp = {
  process(run: SenderRun): void {
    processes.add(run);
    void run.ended.then(() => processes.delete(run));
  },
  folder(path: string): void {
    folders.add(path);
  },
  /** Waits for the processes as well: one that is still writing could make files in a folder that is being removed. */
  async now(): Promise<void> {
    const running = [...processes];
    for (const one of running) one.kill();
    await Promise.all(running.map((one) => one.ended));
    atOnce();
  },
};
