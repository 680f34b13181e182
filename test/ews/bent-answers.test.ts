import { bentAnswers } from './bent-answers.ts';

/** Some of them; `OFFLINE_IM_SEED` selects which. The long tests run all of them. */
bentAnswers({ every: 149, several: 1, seed: Number(process.env.OFFLINE_IM_SEED ?? 1) });
