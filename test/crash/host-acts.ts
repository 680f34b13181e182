/** What programs do beside a spool that is open in their process: each looks harmless, and each has broken a lock, a log or a file before. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileSpool } from '../../src/spool/file/file-spool.ts';
import type { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import type { SpoolChoice } from './worker-options.ts';

/** Actions that a worker performs in turn, one every few ms. */
const pause = 700;

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'offline-im-host-'));

/** Copies the whole folder, as a support bundle does. */
async function copyFolder(folder: string): Promise<void> {
  const target = await temporary();
  try {
    await cp(folder, join(target, 'copy'), { recursive: true });
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** Opens every file in the folder, as the plug-in of a virus scanner does. Closing each drops all POSIX locks of this process on it. */
async function readFolder(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const file of files) if (file.isFile()) await readFile(join(file.parentPath, file.name));
}

async function backUp(spool: Pick<FileSpool | SqliteSpool, 'backup'>): Promise<void> {
  const target = await temporary();
  try {
    await spool.backup(join(target, 'backup'));
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** A worker thread of the host opens the same file, reads it, and closes it. */
function lookFromThread(program: string, path: string): Promise<void> {
  const thread = new Worker(program, { workerData: path });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => resolve());
  });
}

/** Performs all actions that suit the spool, again and again. Rejections are printed, and have no other effect. */
export function actAsHost(choice: SpoolChoice, spool: unknown, thread: string, say: (line: string) => void): void {
  if (choice.kind === 'postgres') return;
  const folder = choice.kind === 'sqlite' ? dirname(choice.path) : choice.path;
  const acts = [
    () => copyFolder(folder),
    () => backUp(spool as SqliteSpool),
    () => readFolder(folder),
    ...(choice.kind === 'sqlite' ? [() => lookFromThread(thread, choice.path)] : []),
  ];
  let next = Math.floor(Math.random() * acts.length);
  const act = async (): Promise<void> => {
    // Files come and go during the copy.
    await acts[next++ % acts.length]?.().catch((error) => say(`as a host: ${error}`));
    setTimeout(act, pause).unref();
  };
  setTimeout(act, Math.random() * pause).unref();
}
