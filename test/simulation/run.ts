import fc from 'fast-check';
import { type Disk, MemoryDisk } from '../model/disk.ts';
import { checkPromise, settleDown } from '../model/promise.ts';
import { hour, World, type WorldParts } from '../model/world.ts';
import { randomFrom } from '../support/random.ts';
import { SimulatedClock } from './clock.ts';
import { FileDisk } from './disks/file.ts';
import { BrowserDisk } from './disks/indexeddb.ts';
import { SqliteDisk } from './disks/sqlite.ts';
import { SimulatedServer, type Way } from './server.ts';
import { anySimulatedCommand } from './weather.ts';

/** Spools that can be simulated. */
export const spools = ['memory', 'file', 'sqlite', 'indexeddb'] as const;

export type SpoolKind = (typeof spools)[number];

/** Changes to a run, to check that its oracle detects them. */
export interface Sabotage {
  disk?(disk: Disk): Disk;
  server?(server: SimulatedServer): void;
}

function diskOf(kind: SpoolKind): Disk {
  switch (kind) {
    case 'memory':
      return new MemoryDisk();
    case 'file':
      return new FileDisk();
    case 'sqlite':
      return new SqliteDisk();
    case 'indexeddb':
      return new BrowserDisk();
  }
}

/** What the seed determines besides the commands. */
interface Setting {
  readonly way: Way;
  /** Seed of jitter, latency and the order of timers. */
  readonly seed: number;
  /** Maximum of event loop turns for a response of the storage. */
  readonly latency: number;
  readonly resends: boolean;
}

const anySetting = fc.record<Setting>({
  way: fc.constantFrom('ews', 'ews', 'graph', 'both'),
  seed: fc.nat(),
  latency: fc.constantFrom(0, 1, 3),
  resends: fc.constantFrom(false, false, false, false, true),
});

/** The world of one run. */
function simulatedWorld(kind: SpoolKind, setting: Setting, sabotage: Sabotage = {}): World<SimulatedServer> {
  let world: World<SimulatedServer> | undefined;
  // Memory and in-memory files use no turn that is not counted.
  const usesIo = kind === 'sqlite' || kind === 'indexeddb';
  const clock = new SimulatedClock(randomFrom(setting.seed), () => usesIo && world?.isBusy === true);
  const server = new SimulatedServer(clock, setting.way);
  sabotage.server?.(server);
  const disk = diskOf(kind);
  const parts: WorldParts<SimulatedServer> = {
    clock,
    server,
    disk: sabotage.disk?.(disk) ?? disk,
    seed: setting.seed,
    latency: setting.latency,
    options: setting.resends ? { probe: { giveUpAfter: hour, onUnconfirmed: 'resend' } } : {},
  };
  world = new World(parts);
  return world;
}

/** Runs a story in a world, and then checks the promise, whatever happened. */
async function live(world: World<SimulatedServer>, through: () => Promise<void>): Promise<void> {
  try {
    await world.start();
    await through();
    await settleDown(world);
    await checkPromise(world);
  } finally {
    await world.process.kill();
    world.disk.remove();
  }
}

/** A scripted run over EWS, for situations that few seeds reach. */
export async function simulateScript(kind: SpoolKind, script: (world: World<SimulatedServer>) => Promise<void>): Promise<void> {
  const world = simulatedWorld(kind, { way: 'ews', seed: 1, latency: 0, resends: false });
  await live(world, () => script(world));
}

/** One run: rejects with fast-check's report of the shortest run that still fails. */
export async function simulate(kind: SpoolKind, seed: number, sabotage?: Sabotage, shrinks = true): Promise<void> {
  const commands = fc.commands([...anySimulatedCommand], { maxCommands: 40, size: 'max' });
  const property = fc.asyncProperty(anySetting, commands, async (setting, chosen) => {
    const world = simulatedWorld(kind, setting, sabotage);
    await live(world, () => fc.asyncModelRun(() => ({ model: { messages: 0 }, real: world }), chosen));
  });
  await fc.assert(property, { seed, numRuns: 1, endOnFailure: !shrinks });
}
