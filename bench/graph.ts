/**
 * How fast notes reach a Graph that costs nothing, over TLS: `npm run bench:graph`. GraphTransport beside a bare fetch that
 * writes and reads the same bytes, and beside Microsoft's own client, in turns, medians of the rounds; four requests under way
 * for each mailbox. The server is a process of its own. A goal that is missed is shown; nothing fails by time.
 *
 * OFFLINE_IM_BENCH_NOTES and OFFLINE_IM_BENCH_ROUNDS make it shorter.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import type { Note } from '../src/transport/contract.ts';
import { loopbackCertificate } from '../test/support/loopback-certificate.ts';
import { type Contender, makeNotes } from './ews/contender.ts';
import { type Load, measure, ratio } from './ews/rounds.ts';
import { bare } from './graph/bare.ts';
import { graphClient } from './graph/graph-client.ts';
import { ours } from './graph/ours.ts';
import { atATime, median } from './median.ts';
import { printTable, type Row, rate } from './table.ts';

const count = Number(process.env.OFFLINE_IM_BENCH_NOTES ?? 4_000);
const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 7);
/** As Exchange Online has it, and as many as the transport begins with. */
const perMailbox = 4;
const server = fork(join(import.meta.dirname, 'graph', 'canned-process.ts'));
const [{ port }] = (await once(server, 'message')) as [{ port: number }];
setDefaultCACertificates([loopbackCertificate]);
const root = `https://localhost:${port}`;

const notes = makeNotes(count, root);
const contenders = [ours(root), bare(root), graphClient(root)] as const;
const [us, plain, client] = contenders;
const [first] = notes;
if (first === undefined || (await writtenBy(us, first)) !== (await writtenBy(plain, first))) {
  throw new Error('The bare client does not write the same bytes as GraphTransport.');
}
const rows: Row[] = [];

/** What the server sees of a request, but for the id that is another one each time. */
async function writtenBy({ send }: Contender, note: Note): Promise<string> {
  server.send('show the next request');
  const shown = once(server, 'message');
  await send([note]);
  const [request] = (await shown) as [string];
  return request.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'id');
}

/** The same notes, of which `perMailbox` are under way, whoever sends them. */
function atOnce({ name, send }: Contender): Contender {
  return { name, send: (batch) => atATime(perMailbox, batch.length, (at) => send(batch.slice(at, at + 1))) };
}

async function compare(
  what: string,
  [own, ...others]: readonly [Contender, Contender, Contender],
  load: Omit<Load, 'notes'>,
): Promise<void> {
  const rates = await measure([own, ...others], { notes, ...load }, rounds);
  const goals = [0.8, 1];
  for (const [at, other] of others.entries()) {
    rows.push({
      what,
      figure: rate(median(rates.get(own) ?? [])),
      against: `${other.name} (${rate(median(rates.get(other) ?? []))})`,
      ...ratio(rates, own, other),
      goal: { atLeast: goals[at] ?? 1 },
      why: 'all wait for the same request over TLS by fetch, one per note; ours also has a deadline, and checks the response.',
    });
  }
}

console.log(
  `node ${process.version}, ${count} notes of one mailbox over TLS, ${perMailbox} under way, medians of ${rounds} rounds`,
);
await compare('one note per call', contenders, { by: 1, concurrency: perMailbox, slices: 16 });
await compare('50 notes per call', [us, atOnce(plain), atOnce(client)], { by: 50, concurrency: 1, slices: 16 });
server.disconnect();
printTable(rows);
