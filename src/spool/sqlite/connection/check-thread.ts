import { Worker } from 'node:worker_threads';
import { hasLog, sizeOf } from './database-file.ts';
import { applicationId, schemaVersion } from './schema.ts';

/** Bytes of file and log up to which they are looked through in less time than it takes to start a thread. */
const worthAThread = 2 * 1024 * 1024;

/** No file of its own, which bundlers would have to find. Where something is wrong it says no more than that: what exactly is found out by whoever opens the file. */
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

/** True for a file that was left by a process that died, and is so large that looking through it would hold up the event loop. */
export function isWorthAThread(path: string, suspect: boolean): boolean {
  return (suspect || hasLog(path)) && sizeOf(path) + sizeOf(`${path}-wal`) > worthAThread;
}

/**
 * Folds the log into the file and looks through it, in a thread. True when it is whole, and closed as if nobody had died; false when it has to be looked at
 * by whoever opens it: somebody else has it open, it is damaged or another program's, or there are no threads to be had.
 *
 * @param mark Where an empty file is made when it is not whole.
 */
export function checkInThread(path: string, mark: string): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const workerData = { path, mark, applicationId, schemaVersion };
      // Without what the host loads into its own threads; node:sqlite would warn once more that it is experimental.
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
