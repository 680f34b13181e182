import { simulated } from './runs.ts';

simulated([
  { kind: 'memory', first: 41, count: 80 },
  { kind: 'file', first: 13, count: 38 },
  { kind: 'sqlite', first: 5, count: 11 },
  { kind: 'indexeddb', first: 7, count: 19 },
]);
