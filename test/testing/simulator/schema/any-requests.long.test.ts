import { anyRequests } from './any-requests.ts';

anyRequests({ seed: Number(process.env.OFFLINE_IM_SEED ?? 1_000), runs: Number(process.env.OFFLINE_IM_RUNS ?? 125) });
