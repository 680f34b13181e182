import { it } from 'vitest';
import { limit, sameAsMemory } from '../same-as-memory.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it(
  'shows what a MemorySpool shows, after every step of any sequence',
  // same-as-memory.long.test.ts tries more.
  () => sameAsMemory(() => fixture.open(fixture.newSchema(), { tombstones: 86_400_000 }), { share: 1 / 2 }),
  limit,
);
