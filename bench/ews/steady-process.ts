/**
 * One contender in a process of its own, in a steady state: nothing is collected by force, and whatever its turns leave behind is its own to collect. Started by
 * bench/ews/steady.ts with an IPC channel: `steady-process.ts <contender> <url> <notes a turn>`; each message asks for a turn.
 */
import { atATime } from '../median.ts';
import { type Contender, makeNotes } from './contender.ts';
import type { SteadyName, Turn } from './steady.ts';

const [name, url = '', size = '0'] = process.argv.slice(2);
const by = 50;
const notes = makeNotes(Number(size), url);

async function contender(): Promise<Contender> {
  switch (name as SteadyName) {
    case 'library':
      return (await import('./library.ts')).library(url);
    case 'transport':
      return (await import('./ours.ts')).ours(url);
    case 'whole':
      return new (await import('./whole.ts')).WholeSender(url);
  }
}

const one = await contender();

async function turn(): Promise<Turn> {
  await one.prepare?.(notes);
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  if (one.prepare !== undefined) await one.send(notes);
  else await atATime(16, notes.length / by, (index) => one.send(notes.slice(index * by, (index + 1) * by)));
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: notes.length / seconds, cpu: (user + system) / notes.length };
}

if (process.send === undefined) {
  // By hand, under a profiler.
  for (let round = 0; round < 10; round++) console.log(await turn());
  process.exit();
}
process.on('message', async () => process.send?.(await turn()));
process.on('disconnect', () => process.exit());
