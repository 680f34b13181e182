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
  {
    name: 'simulator',
    usage: '',
    summary: 'An Exchange to test against, on this machine, until it is interrupted.',
    options: {
      port: { type: 'string', value: 'N', help: 'Port to listen on. Default: a free one.' },
      mailbox: {
        type: 'string',
        multiple: true,
        value: 'ADDRESS',
        help: 'A mailbox; may be given several times. Default: alice@ and bob@contoso.test.',
      },
      data: {
        type: 'string',
        value: 'FILE',
        help: 'JSON to seed the mailboxes with: { "ADDRESS": { "inbox": [{ "subject": "Hi" }] } }.',
      },
      'random-seed': { type: 'string', value: 'N', help: 'Seed of faults with a probability that name none. Default: 1.' },
      profile: {
        type: 'string',
        value: 'NAME',
        help: 'Which Exchange to be: exchange-2010, -2013, -2016, -2019, exchange-online.',
      },
      tls: { type: 'boolean', help: 'Speaks https, with a certificate that it prints.' },
    },
    examples: [['offline-im simulator --port 8080 --mailbox alice@contoso.test --data seed.json', 'For tests in any language']],
    load: () => import('./commands/simulator.ts'),
  },
];
