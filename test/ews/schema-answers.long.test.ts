import { schemaAnswers } from './schema-answers.ts';

schemaAnswers({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1_000), runs: Number(process.env.OFFLINE_IM_RUNS ?? 1_500) });
