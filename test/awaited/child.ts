/** A process with nothing alive but the calls that it awaits: `node test/awaited/child.ts NAME '<Given as JSON>'`. */
import { complain, finish } from './calls.ts';

/** What other processes have ready. */
export interface Given {
  readonly folder: string;
  /** A simulated Exchange. */
  readonly url: string;
  readonly graphUrl: string;
  readonly token: string;
  /** A server that takes requests and never answers. */
  readonly silent: string;
  /** A server that switches to a protocol nobody asked for. */
  readonly switching: string;
  readonly postgres: string;
  /** A small disk, where one can be mounted. */
  readonly disk?: string;
}

const scenes = {
  sender: () => import('./scenes/sender.ts'),
  spools: () => import('./scenes/spools.ts'),
  handles: () => import('./scenes/handles.ts'),
  transports: () => import('./scenes/transports.ts'),
  simulator: () => import('./scenes/simulator.ts'),
  handlers: () => import('./scenes/handlers.ts'),
} as const;

export type SceneName = keyof typeof scenes;

const [, , name = '', given = '{}'] = process.argv;
process.on('unhandledRejection', (error) => complain(`unhandled: ${error instanceof Error ? error.stack : String(error)}`));
const { run } = await scenes[name as SceneName]();
try {
  await run(JSON.parse(given) as Given);
} catch (error) {
  complain(`the scene ended with ${error instanceof Error ? error.stack : String(error)}`);
}
finish();
