export type { RelayOptions } from './relay/options.ts';
export type { PassedIds } from './relay/passed-ids.ts';
export { relay } from './relay/relay.ts';
