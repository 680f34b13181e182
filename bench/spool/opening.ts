import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { FileSpool } from '../../src/file.ts';
import { spreadOf } from '../median.ts';
import { longestStop } from '../standing.ts';
import type { Row } from '../table.ts';
import { Ours } from './ours.ts';
import { rounds } from './settings.ts';
import { inFolder } from './temporary-folder.ts';

const files = 100_000;
/** Lines of what has ended. */
const ended = Number(process.env.OFFLINE_IM_BENCH_WAITING ?? 1_000_000);
/** Ids of which the goal speaks. */
const many = 10_000_000;
const linesOfSegment = 20_000;

/** Opening a FileSpool with very many files. */
export function measureOpening(): Promise<readonly Row[]> {
  return inFolder(async (folder) => [await openingFiles(join(folder, 'waiting'))]);
}

/** A FileSpool with very many messages that have ended: in a process where nothing else was measured, since all of its memory counts. */
export function measureEnded(): Promise<readonly Row[]> {
  return inFolder(async (folder) => [await memoryOfEnded(join(folder, 'model'), join(folder, 'ended'))]);
}

const context = { clock: systemClock, tombstones: 86_400_000 } as const;

async function openingFiles(root: string): Promise<Row> {
  const made = await Ours.open(new FileSpool({ root }));
  await made.fill(files);
  await made.close();
  const stops: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    globalThis.gc?.();
    const spool = new FileSpool({ root });
    const started = performance.now();
    stops.push(await longestStop(() => spool.open(context)));
    seconds.push((performance.now() - started) / 1_000);
    await spool.close();
  }
  return {
    what: `FileSpool, ${files} files: longest block of the event loop while opening, ms`,
    figure: `${Math.max(...stops).toFixed(0)} ms`,
    against: `opening takes ${Math.min(...seconds).toFixed(1)} s`,
    ...spreadOf(stops),
    goal: { atMost: 50 },
    why: 'a map that grows past 65,536 keys, and a garbage collection while everything read is still live, stop the thread, for longer on a busy machine; neither can be divided.',
  };
}

/** The lines are those of a spool that has ended one message, with other ids: writing a million files first would take longer than all else here. */
async function memoryOfEnded(model: string, root: string): Promise<Row> {
  const made = await Ours.open(new FileSpool({ root: model }));
  await made.fill(1);
  await made.drain(1, 1);
  await made.close();
  const log = join('.offline-im', 'tombstones');
  const [segment = ''] = await readdir(join(model, log));
  const line = await readFile(join(model, log, segment), 'utf8');
  const { id, messageId } = idsIn(line);
  await mkdir(join(root, log), { recursive: true, mode: 0o700 });
  const halves = [];
  for (const [from, until] of [
    [0, ended >> 1],
    [ended >> 1, ended],
  ] as const) {
    for (let at = from, number = 1; at < until; at += linesOfSegment, number++) {
      const lines = Array.from({ length: Math.min(linesOfSegment, until - at) }, (_, of) =>
        line.replaceAll(id, renumbered(id, at + of)).replaceAll(messageId, renumbered(messageId, at + of)),
      );
      const name = `${String(from + number).padStart(8, '0')}.ndjson`;
      await writeFile(join(root, log, name), lines.join(''), { mode: 0o600 });
    }
    halves.push(await opened(root, renumbered(messageId, until >> 1)));
  }
  const [half, whole] = halves as [Opened, Opened];
  // What is there once, however much has ended, is not to be counted for each.
  const each = (whole.bytes - half.bytes) / (ended - (ended >> 1));
  const once = Math.max(0, whole.bytes - each * ended);
  const reached = (once + each * many) / 1e6;
  return {
    what: `FileSpool: memory for ${many} ids of ended messages, MB`,
    figure: `${reached.toFixed(0)} MB`,
    against: `${each.toFixed(1)} bytes each and ${(once / 1e6).toFixed(1)} MB once, measured with ${ended >> 1} and with ${ended}, which open in ${whole.seconds.toFixed(0)} s`,
    reached,
    goal: { atMost: 200 },
    why: 'a hash of each id and the place of its line are kept, in tables with room to grow.',
  };
}

interface Opened {
  readonly bytes: number;
  readonly seconds: number;
}

async function opened(root: string, messageId: string): Promise<Opened> {
  const { usedThen, seconds } = await whileOpen(root, messageId);
  await collected();
  // Afterwards, not before: what only the first opening of a process makes is there in both.
  return { bytes: usedThen - inUse(), seconds };
}

async function whileOpen(root: string, messageId: string): Promise<{ readonly usedThen: number; readonly seconds: number }> {
  const spool = new FileSpool({ root });
  const started = performance.now();
  await spool.open(context);
  const seconds = (performance.now() - started) / 1_000;
  const known = await spool.findMessage(messageId);
  await collected();
  const usedThen = inUse();
  await spool.close();
  if (known.length !== 1) throw new Error('A message that has ended is not known.');
  return { usedThen, seconds };
}

function idsIn(line: string): { readonly id: string; readonly messageId: string } {
  const [, id = ''] = /"id":"([^"]+)"/.exec(line) ?? [];
  const [, messageId = ''] = /"messageId":"([^"]+)"/.exec(line) ?? [];
  if (id === '' || messageId === '') throw new Error('The log of what has ended is written in another way than it was.');
  return { id, messageId };
}

/** Of the same length. */
function renumbered(id: string, number: number): string {
  const digits = String(number).padStart(8, '0');
  return `${id.slice(0, -digits.length)}${digits}`;
}

/** Buffers are given back a turn after what held them. */
async function collected(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function inUse(): number {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}
