/** Tries to take the lock of a spool, and prints whether it did: `node lock-holder.ts <spool> <place of locks> [stay]`; with `stay` it holds it until it is ended. */
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { WriteLock } from '../../../src/spool/sqlite/connection/write-lock.ts';

const [, , spool = '', place = '', stay] = process.argv;

function say(what: 'held' | 'busy'): void {
  if (parentPort === null) writeSync(1, what);
  else parentPort.postMessage(what);
}

const held = new WriteLock(spool, { among: [place] }).try(() => {
  say('held');
  while (stay !== undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
  return true;
});
if (held === undefined) say('busy');
