/** One process of a fleet: `sqlite-fleet-process.ts <path> <url>`; over IPC it says when it is ready, sends once it is told to, and says how many are delivered every 50 ms. */
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { password } from '../ews/contender.ts';
import { Ours } from './ours.ts';

const [path = '', url = ''] = process.argv.slice(2);
const transport = new EwsTransport({ url, credentials: basicAuth({ username: 'service', password }) });
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
