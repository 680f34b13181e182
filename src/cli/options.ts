import type { CommandOptions } from './command.ts';

/** Where the spool is: an option of nearly every command. */
export const spoolOption = {
  spool: { type: 'string', value: 'PATH|URL', help: 'Folder, SQLite file or PostgreSQL URL. Default: OFFLINE_IM_SPOOL.' },
} as const satisfies CommandOptions;
