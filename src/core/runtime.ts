import { OfflineImError } from './errors/offline-im-error.ts';

/**
 * Says which Node is needed where an older one would fail with "Promise.withResolvers is not a function" at the first call. For what servers create first, a spool or
 * a simulator: browsers, which load the sender too, need no sentence about Node.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export function checkRuntime(owner: string): void {
  if (typeof Promise.withResolvers === 'function') return;
  throw new OfflineImError('OPTION_INVALID', `${owner} needs Node 22.13 or newer; this is Node ${process.versions.node}.`);
}
