import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { newEntry } from '../../support/spool-entries.ts';

/** Run as its own process: opens the spool at the given root, and keeps it open until killed. */
const spool = new FileSpool({ root: process.argv[2] ?? '' });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
await spool.append([newEntry('theirs')]);
setInterval(() => undefined, 60_000);
// Nothing refers to the spool once this module has run: the lock must be kept alive by itself.
setTimeout(() => {
  globalThis.gc?.();
  process.stdout.write('open\n');
}, 0);
