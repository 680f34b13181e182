import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SqliteSpool } from '../../src/sqlite.ts';
import { atATime, compared, median, perSecond } from '../median.ts';
import { aim, type Row, rate } from '../table.ts';
import { BareSql } from './bare-sql.ts';
import { lane, newEntry } from './entries.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const messages = 10_000;
const inFlight = 256;

const why =
  'a note takes the statements of bare SQL, and one that finds the next message of its conversation; they are four fifths of the time, in half as many commits with the whole sender. The rest is the records, the note and its events.';

type What = 'send' | 'append' | 'drain' | 'deliver';
type Bare = 'append' | 'appendMore' | 'drain';

/**
 * SqliteSpool beside bare SQL on the same schema. In each round both start from a copy of the same spool, take 10,000 messages and deliver them: what waits goes
 * up to 10,000 and down again.
 */
export function measureSqlite(): Promise<readonly Row[]> {
  return inFolder(async (folder) => {
    const empty = join(folder, 'empty.db');
    await (await Ours.open(new SqliteSpool({ path: empty }))).close();
    const ours: Record<What, number[]> = { send: [], append: [], drain: [], deliver: [] };
    const bare: Record<Bare, number[]> = { append: [], appendMore: [], drain: [] };
    for (let round = 0; round <= rounds; round++) {
      const turns = [
        () => oneOfOurs(join(folder, `ours-${round}.db`), empty, ours, round > 0),
        () => oneOfBare(join(folder, `bare-${round}.db`), empty, bare, round > 0),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
    const against = (what: Bare) =>
      `bare SQL in groups of ${what === 'appendMore' ? inFlight : group} (${rate(median(bare[what]))})`;
    const row = (what: string, name: What, other: Bare, goal?: number): Row => ({
      what: `SqliteSpool: ${what}`,
      figure: rate(median(ours[name])),
      against: against(other),
      ...compared(ours[name], bare[other]),
      ...aim(goal === undefined ? undefined : { atLeast: goal }, why),
    });
    return [
      row(`send(), ${inFlight} in flight`, 'send', 'append'),
      row('the same', 'send', 'appendMore', 0.8),
      row(`append() only, ${inFlight} in flight`, 'append', 'appendMore'),
      row(`claim + settle, ${group} at a time`, 'drain', 'drain', 0.6),
      row('whole sender, with a transport that accepts at once', 'deliver', 'drain', 0.8),
    ];
  });
}

/** @param keep Not in the first round, which only warms up. */
async function oneOfOurs(path: string, empty: string, results: Record<What, number[]>, keep: boolean): Promise<void> {
  await copyFile(empty, path);
  const ours = await Ours.open(new SqliteSpool({ path }));
  (await ours.sender.stats()).states;
  const took: Record<What, number> = {
    send: await perSecond(messages, () => atATime(inFlight, messages, () => ours.send())),
    drain: await perSecond(messages, () => ours.drain(messages, group)),
    append: await perSecond(messages, () => atATime(inFlight, messages, () => ours.append())),
    deliver: await perSecond(messages, () => ours.deliver(messages)),
  };
  await ours.close();
  if (!keep) return;
  for (const what of ['send', 'append', 'drain', 'deliver'] as const) results[what].push(took[what]);
}

async function oneOfBare(path: string, empty: string, results: Record<Bare, number[]>, keep: boolean): Promise<void> {
  await copyFile(empty, path);
  const sql = new BareSql(path, lane);
  const append = await perSecond(messages, () => void sql.append(messages, group, () => newEntry()));
  const drain = await perSecond(messages, () => void sql.drain(messages, group));
  const appendMore = await perSecond(messages, () => void sql.append(messages, inFlight, () => newEntry()));
  sql.close();
  if (!keep) return;
  results.appendMore.push(appendMore);
  results.append.push(append);
  results.drain.push(drain);
}
