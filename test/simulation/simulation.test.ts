import { simulated } from './runs.ts';

// Few enough for every change: simulation.long.test.ts continues after them, and `npm run simulate` runs any number.
simulated([
  { kind: 'memory', count: 40, known: [12796, 400267] },
  { kind: 'file', count: 12, known: [30177] },
  { kind: 'sqlite', count: 4, known: [1072] },
  { kind: 'indexeddb', count: 6, known: [2048] },
]);
