import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { compared, median } from '../median.ts';
import { type Row, rate } from '../table.ts';

/** What runs in a process of its own; see steady-process.ts. */
export type SteadyName = 'library' | 'transport' | 'whole';

/** What one turn took: notes a second, and µs of the processor for each note. */
export interface Turn {
  readonly perSecond: number;
  readonly cpu: number;
}

/** In a turn at least, however short the rest is made: a few hundred requests. */
const leastNotes = 10_000;
/** Turns before those that count: a note costs less and less until some 40,000 have been sent. */
const warmUps = 4;

/** A long run, in turns: each contender has a process, which keeps its heap as it is from turn to turn. */
export async function measureSteady(url: string, count: number, rounds: number): Promise<readonly Row[]> {
  const names = ['whole', 'transport', 'library'] as const;
  const processes = names.map((name) =>
    fork(join(import.meta.dirname, 'steady-process.ts'), [name, url, String(Math.max(leastNotes, count))], { execArgv: [] }),
  );
  const turns: Record<SteadyName, Turn[]> = { whole: [], transport: [], library: [] };
  try {
    for (let round = 0; round < rounds + warmUps; round++) {
      for (const [index, name] of names.entries()) {
        const turn = await takeTurn(processes[index]);
        if (round >= warmUps) turns[name].push(turn);
      }
    }
  } finally {
    for (const one of processes) one.kill();
  }
  return [
    against(
      'whole sender, 50 notes per request, steady',
      turns.whole,
      turns.library,
      'CreateItems of ews-javascript-api',
      1.5,
      ofWhole,
    ),
    against(
      'EwsTransport, 50 notes per request, steady',
      turns.transport,
      turns.library,
      'CreateItems of ews-javascript-api',
      4,
      ofTransport,
    ),
  ];
}

async function takeTurn(process: ChildProcess | undefined): Promise<Turn> {
  if (process === undefined) throw new Error('There is no such process.');
  process.send('turn');
  const [turn] = (await once(process, 'message')) as [Turn];
  return turn;
}

const ofWhole =
  'around the same request each message is claimed, made into a frozen note, settled, and reported by an event; the figure includes its CPU time.';

const ofTransport =
  'most of a request with 50 notes is fetch, its streams and the socket; writing the XML and reading the response are a seventh.';

function against(what: string, ours: readonly Turn[], theirs: readonly Turn[], name: string, goal: number, why: string): Row {
  const figures = (turns: readonly Turn[]): string =>
    `${rate(median(turns.map(({ perSecond }) => perSecond)))}, ${median(turns.map(({ cpu }) => cpu)).toFixed(0)} µs CPU`;
  const of = (turns: readonly Turn[]): number[] => turns.map(({ perSecond }) => perSecond);
  return {
    what,
    figure: figures(ours),
    against: `${name} (${figures(theirs)})`,
    ...compared(of(ours), of(theirs)),
    goal: { atLeast: goal },
    why,
  };
}
