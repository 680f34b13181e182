import { it } from 'vitest';
import { runs, sameAsMemory } from '../same-as-memory.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it(
  'shows what a MemorySpool shows, after every step of any sequence',
  () => sameAsMemory(() => fixture.open(fixture.newSchema(), { tombstones: 86_400_000 })),
  60_000 + runs * 5_000,
);
