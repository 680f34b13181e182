import { bentAnswers } from './bent-answers.ts';

/** A part of them; `OFFLINE_IM_SEED` chooses which. All of them run in the long tests. */
bentAnswers({ every: 149, several: 1, seed: Number(process.env.OFFLINE_IM_SEED ?? 1) });
