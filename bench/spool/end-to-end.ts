import { join } from 'node:path';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import type { Note } from '../../src/transport/contract.ts';
import { makeNotes, password } from '../ews/contender.ts';
import { atATime, compared, median, perSecond } from '../median.ts';
import { type Row, rate } from '../table.ts';
import { withCannedServer } from '../with-canned-server.ts';
import { Ours } from './ours.ts';
import { group, rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const messages = 20_000;
/** Each sends four requests at a time, the default. */
const lanes = ['ann@contoso.test', 'ben@contoso.test', 'cat@contoso.test', 'dan@contoso.test'];
const batch = 50;
const concurrency = 4 * lanes.length;

/** From a SqliteSpool with 20,000 messages to a server that costs nothing, beside the same work done part by part. */
export function measureEndToEnd(): Promise<readonly Row[]> {
  return withCannedServer((url) => inFolder((folder) => measure(folder, url)));
}

async function measure(folder: string, url: string): Promise<readonly Row[]> {
  const transport = new EwsTransport({ url, credentials: basicAuth({ username: 'service', password }) });
  const notes = makeNotes(messages, url);
  const whole: number[] = [];
  const spooled: number[] = [];
  const delivered: number[] = [];
  const sums: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const ours = await Ours.open(new SqliteSpool({ path: join(folder, `${round}.db`) }), transport);
    await ours.fill(messages, lanes);
    const all = await perSecond(messages, () => ours.deliver(messages));
    await ours.close();
    const alone = await Ours.open(new SqliteSpool({ path: join(folder, `alone-${round}.db`) }));
    await alone.fill(messages);
    const spool = await perSecond(messages, () => alone.drain(messages, group));
    await alone.close();
    const sent = await perSecond(messages, () => deliverAll(transport, notes));
    // The first round only warms up.
    if (round === 0) continue;
    whole.push(all);
    spooled.push(spool);
    delivered.push(sent);
    sums.push(1 / (1 / spool + 1 / sent));
  }
  return [
    {
      what: 'SqliteSpool to EWS, one message per note',
      figure: rate(median(whole)),
      against: `harmonic sum (${rate(median(sums))}) of claim + settle (${rate(median(spooled))}) and deliver (${rate(median(delivered))})`,
      ...compared(whole, sums),
      goal: { atLeast: 0.6 },
      why: 'SQL and XML share one thread, so each waits for the other.',
    },
  ];
}

async function deliverAll(transport: EwsTransport, notes: readonly Note[]): Promise<void> {
  const options = { signal: new AbortController().signal, mayWrite: () => true };
  await atATime(concurrency, notes.length / batch, async (index) => {
    const outcomes = await transport.deliver(notes.slice(index * batch, (index + 1) * batch), options);
    if (outcomes.some(({ status }) => status !== 'delivered')) throw new Error('A note was not delivered.');
  });
}
