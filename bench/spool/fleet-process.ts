/** One process of a fleet: `fleet-process.ts <ours|boss> <address as JSON> <messages>`; over IPC it says when it is ready, drains its share whenever it is told to, and says when that is done. */
import { PostgresSpool } from '../../src/postgres.ts';
import { type PostgresAddress, poolOn } from '../../test/support/postgres-server.ts';
import { Ours } from './ours.ts';
import { openBoss } from './pg-boss.ts';
import { group } from './settings.ts';

const [contender, encoded = '', share] = process.argv.slice(2);
const address = JSON.parse(encoded) as PostgresAddress;
const pool = poolOn(address);
const worker = contender === 'boss' ? await openBoss(address, 0) : await Ours.open(new PostgresSpool({ pool }));
process.on('message', () => {
  void worker.drain(Number(share), group).then(() => process.send?.('done'));
});
process.on('disconnect', () => {
  void worker.close().then(() => pool.end());
});
process.send?.('ready');
