import { it } from 'vitest';
import { schemaAvailable } from '../support/ews-schema.ts';
import { schemaAnswers } from './schema-answers.ts';
import { playScene } from './support/imagined-scene.ts';

/** Some of them; many in the long tests. */
schemaAnswers({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1), runs: Number(process.env.OFFLINE_IM_RUNS ?? 60) });

/** Here ErrorServerBusy comes as a fault, and the responses it replaces would have had a back-off. */
it('a fault instead of the responses has its own back-off, not that of unread responses', () =>
  playScene(1766, { answers: new Map(), judged: schemaAvailable }));
