import { bentAnswers } from './bent-answers.ts';

bentAnswers({ every: 1, several: Number(process.env.OFFLINE_IM_RUNS ?? 60), seed: Number(process.env.OFFLINE_IM_SEED ?? 1) });
