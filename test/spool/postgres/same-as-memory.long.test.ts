import { it } from 'vitest';
import { limit, sameAsMemory } from '../same-as-memory.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it(
  'shows what a MemorySpool shows, after every step of many sequences',
  () => sameAsMemory(() => fixture.open(fixture.newSchema(), { tombstones: 86_400_000 })),
  limit,
);
