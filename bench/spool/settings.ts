export const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 5);

/** How many notes are claimed and settled at a time, and appended by the bare SQL. */
export const group = 64;
