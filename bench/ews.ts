/**
 * How fast notes reach a server that costs nothing: `npm run bench:ews`. EwsTransport beside ews-javascript-api and beside a
 * bare fetch with fast-xml-parser that writes and reads the same bytes, in turns, medians of the rounds; and the whole sender over
 * a MemorySpool, in a steady state. The server is a process of its own. A goal that is missed is shown; nothing fails by time.
 *
 * OFFLINE_IM_BENCH_NOTES and OFFLINE_IM_BENCH_ROUNDS make it shorter.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Pool } from 'undici';
import { bare, bareOver, bareRequest } from './ews/bare.ts';
import { type Contender, makeNotes } from './ews/contender.ts';
import { library } from './ews/library.ts';
import { ours } from './ews/ours.ts';
import { requestOf } from './ews/request-of.ts';
import { measure, ratio } from './ews/rounds.ts';
import { measureSteady } from './ews/steady.ts';
import { median, spreadOf } from './median.ts';
import { aim, printTable, type Row, rate } from './table.ts';

const count = Number(process.env.OFFLINE_IM_BENCH_NOTES ?? 20_000);
const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 5);
const server = fork(join(import.meta.dirname, 'canned-server.ts'));
const [{ port }] = (await once(server, 'message')) as [{ port: number }];
const url = `http://127.0.0.1:${port}/EWS/Exchange.asmx`;
const slowUrl = `http://127.0.0.1:${port}/slow/EWS/Exchange.asmx`;

const notes = makeNotes(count, url);
if ((await requestOf(notes.slice(0, 50))) !== bareRequest(notes.slice(0, 50))) {
  throw new Error('The bare client does not write the same bytes as EwsTransport.');
}

const [us, lib, plain] = [ours(url), library(url), bare(url)];
const rows: Row[] = [];

function compare(
  what: string,
  rates: Map<Contender, number[]>,
  why: string,
  goals: readonly (readonly [Contender, number | undefined])[],
  one: Contender = us,
): void {
  const figure = median(rates.get(one) ?? []);
  for (const [other, goal] of goals) {
    const against = `${other.name} (${rate(median(rates.get(other) ?? []))})`;
    const aimed = aim(goal === undefined ? undefined : { atLeast: goal }, why);
    rows.push({ what, figure: rate(figure), against, ...ratio(rates, one, other), ...aimed });
  }
}

console.log(`node ${process.version}, ${count} notes of one message from one mailbox, medians of ${rounds} rounds`);
const batched = await measure([us, lib, plain], { notes, by: 50, concurrency: 16, slices: 5 }, rounds);
compare(
  '50 notes per request, 16 at a time',
  batched,
  'apart from fetch, what remains is writing the XML of each note, and reading and checking its response.',
  [
    [lib, 2.5],
    [plain, 0.75],
  ],
);
const single = await measure([us, lib, plain], { notes: notes.slice(0, count / 5), by: 1, concurrency: 16, slices: 5 }, rounds);
compare(
  'one note per request, 16 at a time',
  single,
  'a request with one note is mostly fetch itself: the bare client in the next line, over fetch too, gets no further.',
  [
    [lib, 1.6],
    [plain, undefined],
  ],
);

const pool = new Pool(new URL(url).origin, { connections: 16, allowH2: false });
const [pooled, pooledBare] = [ours(url, pool), bareOver(pool, url)];
const dispatched = await measure(
  [pooled, lib, pooledBare],
  { notes: notes.slice(0, count / 5), by: 1, concurrency: 16, slices: 5 },
  rounds,
);
compare(
  'one note per request, over an undici Pool',
  dispatched,
  'without fetch, the deadline of each request and the checks of its response weigh more; the bare client has neither.',
  [
    [lib, 3],
    [pooledBare, 0.65],
  ],
  pooled,
);

const [slow, slowBare] = [ours(slowUrl), bare(slowUrl)];
const slowNotes = makeNotes(Math.min(count, 10_000), slowUrl);
const most = (10 * 50) / 0.1;
const waited = await measure([slow, slowBare], { notes: slowNotes, by: 50, concurrency: 10, slices: 1 }, Math.min(rounds, 3));
const figure = median(waited.get(slow) ?? []);
rows.push({
  what: '50 notes per request of 100 ms, 10 at a time',
  figure: rate(figure),
  against: `10 * 50 / 0.1 s (${rate(most)})`,
  ...spreadOf((waited.get(slow) ?? []).map((one) => one / most)),
  goal: { atLeast: 0.9 },
  why: 'the server starts its 100 ms when it has the whole request; writing and reading come on top, also in the bare client of the next line.',
});
const slowBareFigure = median(waited.get(slowBare) ?? []);
rows.push({
  what: `  ${slowBare.name}, the same`,
  figure: rate(slowBareFigure),
  against: 'the same',
  ...spreadOf((waited.get(slowBare) ?? []).map((one) => one / most)),
});

rows.push(...(await measureSteady(url, count / 2, rounds)));

await pool.destroy();
server.disconnect();
printTable(rows);
