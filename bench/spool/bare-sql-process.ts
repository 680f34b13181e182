/** One of several processes that drain one file by bare SQL: `bare-sql-process.ts <path> <mailbox>`; over IPC it says when it is ready, drains once it is told to, and says how many it had. */
import { BareSql } from './bare-sql.ts';
import { group } from './settings.ts';

const [path = '', lane = ''] = process.argv.slice(2);
const sql = new BareSql(path, lane);
process.once('message', () => {
  // Nobody listens any more when others had the last ones.
  process.send?.(sql.drain(Number.POSITIVE_INFINITY, group, true), undefined, undefined, () => undefined);
});
process.once('disconnect', () => sql.close());
process.send?.('ready');
