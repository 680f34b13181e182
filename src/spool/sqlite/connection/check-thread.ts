import { Worker } from 'node:worker_threads';
import { hasLog, sizeOf } from './database-file.ts';
import { applicationId, schemaVersion } from './schema.ts';

/** Bytes of file and log up to which a check takes less time than starting a thread. */
const worthAThread = 2 * 1024 * 1024;

/** Not a separate file, which bundlers would have to find. It only reports that something is wrong; opening the file finds out what. */
const source = `
const { writeFileSync } = require('node:fs');
const { DatabaseSync } = require('node:sqlite');
const { parentPort, workerData } = require('node:worker_threads');
const { path, mark, applicationId, schemaVersion } = workerData;

function inside(settings, work) {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0;' + settings);
    const valueOf = (name) => database.prepare('PRAGMA ' + name).get()[name];
    return valueOf('application_id') === applicationId && valueOf('user_version') <= schemaVersion && work(database);
  } finally {
    database.close();
  }
}

function fold(database) {
  return database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get().busy === 0;
}

function check(database) {
  let whole = false;
  try {
    const findings = database.prepare('PRAGMA quick_check(1)').all();
    whole = findings.length === 1 && findings[0].quick_check === 'ok';
    return whole;
  } finally {
    // Before it is closed, and looks as if it had been closed by whoever had it before.
    if (!whole) writeFileSync(mark, '', { mode: 0o600 });
  }
}

let whole = false;
try {
  whole = inside('', fold) && inside('PRAGMA locking_mode = EXCLUSIVE', check);
} catch {}
parentPort.postMessage(whole);
`;

/** True for a file left by a process that died, and so large that checking it would block the event loop. */
export function isWorthAThread(path: string, suspect: boolean): boolean {
  return (suspect || hasLog(path)) && sizeOf(path) + sizeOf(`${path}-wal`) > worthAThread;
}

/**
 * Checkpoints the log into the file and checks it, in a thread. True if it is intact, and is now cleanly closed; false if the caller must check it itself:
 * another process has it open, it is damaged or another program's, or no thread could be started.
 *
 * @param mark Path of an empty file to create if it is not intact.
 */
export function checkInThread(path: string, mark: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const workerData = { path, mark, applicationId, schemaVersion };
      // Without the modules that the host loads into its threads; without node:sqlite's second warning that it is experimental.
      const thread = new Worker(source, { eval: true, workerData, execArgv: ['--no-warnings'], env: {} });
      let whole = false;
      thread.once('message', (message) => {
        whole = message === true;
      });
      thread.once('error', () => undefined);
      thread.once('exit', () => resolve(whole));
    } catch {
      resolve(false);
    }
  });
}
