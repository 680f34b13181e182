import { once } from 'node:events';

/** The exit codes of the process. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** `doctor`, `check` or `--fail-if` found something wrong. */
  found: 3,
  /** The spool is in use, and the process that has it does not answer. */
  noOwner: 4,
  /** By Ctrl-C, or by SIGTERM before a command had come to its end. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line, or the config, is wrong: exit code 2. */
export class UsageError extends Error {}

/**
 * Waits until a long-running command is told to stop. SIGTERM is an order, and following it a success; Ctrl-C is always an interruption, as with `kubectl logs -f` and
 * `tail -f`.
 */
export async function untilStopped(signal: AbortSignal): Promise<ExitCode> {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason === 'SIGINT' ? exitCodes.interrupted : exitCodes.ok;
}
