/** A process that opens a spool's file, appends one entry and closes it, as often as told: `node opener.ts <path> <times>`; prints the ids. */
import { systemClock } from '../../../src/core/clock.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { newEntry } from '../../support/spool-entries.ts';

const [, , path = '', times = '1'] = process.argv;
for (let time = 0; time < Number(times); time++) {
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  const id = `theirs-${Date.now()}-${process.pid}-${time}`;
  const [result] = await spool.append([newEntry(id, { conversationId: id })]);
  await spool.close();
  if (result?.status === 'appended') process.stdout.write(`${id}\n`);
}
