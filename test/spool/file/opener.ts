import { systemClock } from '../../../src/core/clock.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';

/** Run as its own process or thread: tries to open the spool at the given root, and prints the result. */
const spool = new FileSpool({ root: process.argv[2] ?? '' });
try {
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  process.stdout.write('OPENED');
  await spool.close();
} catch (error) {
  process.stdout.write(String((error as { code?: unknown }).code));
}
