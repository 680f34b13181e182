import type { CommandOptions } from './command.ts';

/** The config file, for options that command lines need not repeat. */
const configOption = {
  config: {
    type: 'string',
    value: 'FILE',
    help: 'Config. Default: offline-im.config.json, .js or .mjs in the working folder, if only you can change it.',
  },
} as const satisfies CommandOptions;

/** Where the spool is: an option of nearly every command. */
export const spoolOption = {
  spool: { type: 'string', value: 'PATH|URL', help: 'Folder, SQLite file or PostgreSQL URL. Default: OFFLINE_IM_SPOOL.' },
  schema: { type: 'string', value: 'NAME', help: 'Schema of a PostgreSQL spool. Default: offline_im.' },
  ...configOption,
} as const satisfies CommandOptions;

/** Options that select entries. */
const filterOptions = {
  state: { type: 'string', value: 'STATE', help: 'Only entries in this state: spooled, dead, …' },
  mailbox: { type: 'string', value: 'MAILBOX', help: "Only entries of this sender's mailbox." },
  recipient: { type: 'string', value: 'ADDRESS', help: 'Only entries to this address.' },
  since: { type: 'string', value: 'TIME', help: 'Only entries accepted since: 2026-11-28T08:00Z, 2h.' },
  until: { type: 'string', value: 'TIME', help: 'Only entries accepted before.' },
  code: { type: 'string', value: 'CODE', help: 'Only entries whose reason has this code: EXPIRED, …' },
  limit: { type: 'string', value: 'N', help: 'At most this many entries. Default: 100 listed, 1000 changed.' },
} as const satisfies CommandOptions;

export const listOptions = {
  ...spoolOption,
  ...filterOptions,
  cursor: { type: 'string', value: 'CURSOR', help: 'Continues a list at the cursor printed by its last part.' },
} as const satisfies CommandOptions;

export const changeOptions = {
  ...spoolOption,
  ...filterOptions,
  'dry-run': { type: 'boolean', help: 'Changes nothing, and prints what would be changed.' },
  yes: { type: 'boolean', short: 'y', help: 'Does not ask.' },
} as const satisfies CommandOptions;
