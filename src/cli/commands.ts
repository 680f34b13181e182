import type { Command } from './command.ts';
import { spoolOption } from './options.ts';

/** The table of commands, in the order of `--help`. The file of each lies in `commands/`. */
export const commands: readonly Command[] = [
  {
    name: 'stats',
    usage: '',
    summary: 'How many messages are in which state.',
    options: spoolOption,
    examples: [['offline-im stats --spool /var/spool/my-bot', 'How it goes']],
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'list',
    usage: '',
    summary: 'Messages, all or by state and mailbox; never their text.',
    options: {
      ...spoolOption,
      state: { type: 'string', value: 'STATE', help: 'Only entries in this state: spooled, dead, …' },
      mailbox: { type: 'string', value: 'MAILBOX', help: "Only entries of this sender's mailbox." },
      limit: { type: 'string', value: 'N', help: 'Entries at most. Default: 100.' },
    },
    examples: [['offline-im list --state dead', 'What was given up, and why']],
    load: () => import('./commands/list.ts'),
  },
];
