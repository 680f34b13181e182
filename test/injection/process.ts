/** Runs a scene in its own process, and returns its complaints. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Scene } from './child.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, 'child.ts');

/** The subject of one run, and the complaints about it. */
export interface Injected {
  readonly tried: number;
  readonly places: number;
  readonly complaints: readonly string[];
}

/** @param preload A module that the process loads first. */
export async function inject(scene: Omit<Scene, 'folder'>, preload?: string): Promise<Injected> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-injection-'));
  try {
    const before = preload === undefined ? [] : ['--import', preload];
    const { stdout } = await run(process.execPath, [...before, script, JSON.stringify({ ...scene, folder })], {
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const end = lines.find(({ done }) => done === true);
    const complaints = lines.flatMap(({ key = 'without a fault', manner = '', skip = 0, complaints = [] }) =>
      complaints.filter((text) => text !== 'not reached').map((text) => `${key} ${manner} (${skip}): ${text}`),
    );
    if (end === undefined) complaints.push('the process ended before its last line');
    return { tried: end?.tried ?? 0, places: end?.places ?? 0, complaints };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Line {
  readonly key?: string;
  readonly manner?: string;
  readonly skip?: number;
  readonly complaints?: readonly string[];
  readonly done?: boolean;
  readonly tried?: number;
  readonly places?: number;
}
