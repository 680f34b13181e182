import { schemaAnswers } from './schema-answers.ts';

/** Some of them; many in the long tests. */
schemaAnswers({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1), runs: Number(process.env.OFFLINE_IM_RUNS ?? 60) });
