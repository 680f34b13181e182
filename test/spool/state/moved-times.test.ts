import { expect, it } from 'vitest';
import { parked } from '../../../src/spool/state/records.ts';
import { adopt, type MovedEntry } from '../../../src/spool/state/transfer.ts';
import { Scene } from './scene.ts';

it.each(['dead', 'delivered', 'cancelled'] as const)('an imported entry that was %s has an end by the wall clock', (state) => {
  const scene = new Scene();
  scene.table.skew = 60_000;
  scene.append('a', { pickupIn: parked });
  const moved: MovedEntry = { id: 'a', state, unknownAttempts: [], cancelRequested: false };
  scene.run((tx) => adopt(tx, moved, scene.now));
  expect(scene.entry('a').status).toMatchObject({ state, endedAt: scene.now + 60_000 });
});
