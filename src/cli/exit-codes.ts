/** What the process ends with. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** `doctor`, `check` or `--fail-if` found something wrong. */
  found: 3,
  /** The spool is in use, and the process that has it does not answer. */
  noOwner: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line, or the config, is wrong: exit code 2. */
export class UsageError extends Error {}
