import { anyRequests } from './any-requests.ts';

/** Some of them; many in the long tests. */
anyRequests({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1), runs: Number(process.env.OFFLINE_IM_RUNS ?? 8) });
