import { it } from 'vitest';
import { schemaAvailable } from '../support/ews-schema.ts';
import { schemaAnswers } from './schema-answers.ts';
import { playScene } from './support/imagined-scene.ts';

/** Some of them; many in the long tests. */
schemaAnswers({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1), runs: Number(process.env.OFFLINE_IM_RUNS ?? 60) });

/** Here ErrorServerBusy comes as a fault, and the answers that it stands for would have said how long to wait. */
it('a fault in the place of the answers: the back-off is its own, not that of the answers nobody saw', () =>
  playScene(1766, { answers: new Map(), judged: schemaAvailable }));
