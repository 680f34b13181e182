/**
 * Plans go by indexes only, and in their order, since one made while a table was small is kept when it no longer is (a bitmap, a sort and what is kept for a
 * join take in all that waits, for the few that are asked for).
 */
export const plannerSettings: readonly (readonly [name: string, value: string])[] = [
  ['jit', 'off'],
  ['plan_cache_mode', 'force_generic_plan'],
  ['enable_seqscan', 'off'],
  ['enable_hashjoin', 'off'],
  ['enable_mergejoin', 'off'],
  ['enable_bitmapscan', 'off'],
  ['enable_sort', 'off'],
  ['enable_material', 'off'],
];
