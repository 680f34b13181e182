/**
 * A process that finds out where a scene uses the platform, and then runs the scene once for each such place, with that place
 * failing: `node test/injection/child.ts '<Scene as JSON>'`. Prints a line of JSON for each run with complaints, and one at the
 * end.
 */
import { readdirSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { awaited } from './awaited.ts';
import { seen } from './boundary.ts';
import type { CarrierName } from './carriers.ts';
import { layBoundary } from './platform.ts';
import type { StorageName } from './storages.ts';

export interface Scene {
  readonly storage: StorageName;
  readonly carrier: CarrierName;
  readonly folder: string;
  readonly errands?: boolean;
  readonly postgres?: string;
  /** Only places whose name contains this. */
  readonly only?: string;
  /** Only every n-th place. */
  readonly every?: number;
  /** Index of the first place. */
  readonly offset?: number;
  /** How many calls of one place fail, spread over a run. @default 1, the first */
  readonly each?: number;
}

const scene = JSON.parse(process.argv[2] ?? '{}') as Scene;
const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const unhandled: unknown[] = [];
process.on('uncaughtException', (error) => unhandled.push(error));
process.on('unhandledRejection', (error) => unhandled.push(error));
let running = 'the runs without a fault';
let done = false;
/** Reports if anything ends the process too early: nothing left that could settle what is awaited, or a call of `process.exit`. */
process.on('exit', (code) => {
  if (done) return;
  const complaints = [`ended with ${code} during ${[running, ...[...awaited].map(({ what }) => what)].join(' > ')}`];
  writeSync(1, `${JSON.stringify({ complaints })}\n`);
  process.exitCode = 0; // The complaint is what counts.
});

await layBoundary(scene.storage === 'postgres' ? (await import('pg')).default : undefined);
const { runOnce } = await import('./run.ts');

type Fault = NonNullable<Parameters<typeof runOnce>[0]['fault']>;

/** That many of the numbers below `count`, from first to last. */
function spread(count: number, most: number): number[] {
  const step = Math.max(1, (count - 1) / Math.max(1, most - 1));
  return Array.from({ length: Math.min(count, most) }, (_, at) => Math.floor(at * step));
}

let run = 0;
async function once(fault?: Fault): Promise<readonly string[]> {
  run += 1;
  if (fault !== undefined) running = `${fault.key} ${fault.manner} (${fault.skip})`;
  const began = performance.now();
  // Nothing may reject past this: what nobody catches only counts as unhandled here, and the process would end without a reason.
  const complaints = await inFolder(fault).catch((error: unknown) => [
    `the run ended with ${error instanceof Error ? error.stack : String(error)}`,
  ]);
  if (complaints.length > 0 || fault === undefined) say({ ...fault, ms: Math.round(performance.now() - began), complaints });
  return complaints;
}

async function inFolder(fault: Fault | undefined): Promise<readonly string[]> {
  const folder = join(scene.folder, `run-${run}`);
  await mkdir(folder);
  const complaints = await runOnce({ ...scene, folder, run: run + 1000 * (process.pid % 1000), fault }, unhandled);
  const open = fault !== undefined && leavesOpen(fault) ? [] : stillOpen(folder);
  await rm(folder, { recursive: true, force: true });
  return [...complaints, ...open.map((what) => `still open: ${what}`)];
}

/** Whether the fault itself keeps a descriptor: one that was opened and never handed over, or was never closed. */
function leavesOpen({ key, manner }: Fault): boolean {
  return (manner === 'after' && /\.open(?:Sync|dir)? @/.test(key)) || key.startsWith('fs.close @');
}

/** What this process still has open of a spool: files beneath its folder, its lock in the abstract namespace, the socket for its operators. */
function stillOpen(folder: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  const sockets = new Map(
    readFileSync('/proc/net/unix', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[7]?.includes('offline-im'))
      .map((fields) => [`socket:[${fields[6]}]`, fields[7]?.startsWith('@') === true ? 'the lock' : 'the socket for operators']),
  );
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(folder) ? [path.slice(folder.length)] : [sockets.get(path) ?? []].flat();
    } catch {
      return []; // That of the listing itself.
    }
  });
}

await once();
for (const site of seen().values()) site.hits = 0;
await once();
const { each = 1, every = 1, offset = 0, only = '' } = scene;
const places = [...seen()].filter(([key]) => key.includes(only));
const faults = places.flatMap(([key, { manners, hits }]) =>
  manners.flatMap((manner) => spread(Math.max(1, hits), each).map((skip) => ({ key, manner, skip }))),
);
let tried = 0;
for (const [at, fault] of faults.entries()) {
  if (at % every !== offset) continue;
  await once(fault);
  tried += 1;
}
done = true;
say({ done, places: places.length, faults: faults.length, tried });
process.exit(0);
