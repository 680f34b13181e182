import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { newEntry } from '../../support/spool-entries.ts';

/** Run as a process of its own: opens the spool at the given root, and keeps it until it is killed. */
const spool = new FileSpool({ root: process.argv[2] ?? '' });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
await spool.append([newEntry('theirs')]);
setInterval(() => undefined, 60_000);
// Nothing refers to the spool any more once this module has run: whatever holds the lock must be held itself.
setTimeout(() => {
  globalThis.gc?.();
  process.stdout.write('open\n');
}, 0);
