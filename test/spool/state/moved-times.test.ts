import { expect, it } from 'vitest';
import { parked } from '../../../src/spool/state/records.ts';
import { adopt, type MovedEntry } from '../../../src/spool/state/transfer.ts';
import { Scene } from './scene.ts';

it.each(['dead', 'delivered', 'cancelled'] as const)(
  'what was %s where it comes from has ended at a time of the wall clock',
  (state) => {
    const scene = new Scene();
    scene.table.skew = 60_000;
    scene.append('a', { pickupIn: parked });
    const moved: MovedEntry = { id: 'a', state, unknownAttempts: [], cancelRequested: false };
    scene.run((tx) => adopt(tx, moved, scene.now));
    expect(scene.entry('a').status).toMatchObject({ state, endedAt: scene.now + 60_000 });
  },
);
