/**
 * One process of a fleet: `sqlite-fleet-process.ts <path> <url> <mailboxes, with commas>`; over IPC it says when it is ready, sends once it is told to, and says how many are
 * delivered every 50 ms. Before, it sends as many from a file of its own, so that compiling is not what is measured.
 */
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { password } from '../ews/contender.ts';
import { Ours } from './ours.ts';

const warmUp = 5_000;
const [path = '', url = '', lanes = ''] = process.argv.slice(2);
const transport = new EwsTransport({ url, credentials: basicAuth({ username: 'service', password }) });
const own = await Ours.open(new SqliteSpool({ path: `${path}.${process.pid}` }), transport);
await own.fill(warmUp, lanes.split(','));
await own.deliver(warmUp);
await own.close();
const ours = await Ours.open(new SqliteSpool({ path }), transport);
let delivered = 0;
ours.sender.on('message:delivered', () => {
  delivered += 1;
});
const timer = setInterval(() => {
  if (delivered > 0) process.send?.(delivered);
  delivered = 0;
}, 50);
process.once('message', () => void ours.sender.start());
process.once('disconnect', () => {
  clearInterval(timer);
  void ours.close();
});
process.send?.('ready');
