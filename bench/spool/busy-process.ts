/** Appends and delivers in a SqliteSpool until it is killed: `busy-process.ts <path>`; says over IPC when there is a log to recover. */
import { SqliteSpool } from '../../src/sqlite.ts';
import { Ours } from './ours.ts';

const ours = await Ours.open(new SqliteSpool({ path: process.argv[2] ?? '' }));
for (let round = 0; ; round++) {
  await ours.fill(1_000);
  await ours.drain(1_000, 64);
  if (round === 2) process.send?.('busy');
}
