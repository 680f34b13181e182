import type { Command } from './command.ts';
import { changeOptions, filterOptions, spoolOption } from './options.ts';

const change = () => import('./commands/change.ts');
const pause = () => import('./commands/pause.ts');
const send = () => import('./commands/send.ts');
const upkeep = () => import('./commands/upkeep.ts');
const transfer = () => import('./commands/transfer.ts');

/** The table of commands, in the order of `--help`. The file of each lies in `commands/`. */
export const commands: readonly Command[] = [
  {
    name: 'stats',
    usage: '',
    summary: 'How many messages are in which state, what is paused, and what can not be used.',
    options: {
      ...spoolOption,
      watch: { type: 'boolean', help: 'Again every two seconds, until interrupted.' },
      'fail-if': { type: 'string', value: 'CONDITION', help: "Ends with 3 when it holds: 'dead>0', 'spooled>=1000'." },
    },
    examples: [
      ['offline-im stats --spool /var/spool/my-bot', 'How it goes'],
      ["offline-im stats --fail-if 'dead>0'", 'For a monitor'],
    ],
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'list',
    usage: '',
    summary: 'Messages, what has not ended first; never their text.',
    options: { ...spoolOption, ...filterOptions },
    examples: [
      ['offline-im list --state dead', 'What was given up, and why'],
      ['offline-im list --recipient bob@contoso.com --since 2h', 'What was left for Bob in the last two hours'],
    ],
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
        help: 'JSON to seed the mailboxes with: { "ADDRESS": { "inbox": [{ "subject": "Hi" }, { "file": "hello.eml" }] } }.',
      },
      'random-seed': { type: 'string', value: 'N', help: 'Seed of faults with a probability that name none. Default: 1.' },
      profile: {
        type: 'string',
        value: 'NAME',
        help: 'Which Exchange to be: exchange-2010, -2013, -2016, -2019, exchange-online.',
      },
      tls: { type: 'boolean', help: 'Speaks https, with a certificate that it prints.' },
      host: { type: 'string', value: 'ADDRESS', help: 'Address to listen on. Default: 127.0.0.1, this machine only.' },
      token: { type: 'string', value: 'TEXT', help: 'What the web page and the JSON API ask for; needed beyond this machine.' },
      clock: {
        type: 'string',
        value: 'KIND',
        help: 'system, or manual: it stands still until the JSON API moves it. Default: system.',
      },
    },
    examples: [['offline-im simulator --port 8080 --mailbox alice@contoso.test --data seed.json', 'For tests in any language']],
    load: () => import('./commands/simulator.ts'),
  },
  {
    name: 'show',
    usage: 'ID',
    summary: 'All that is known of a message or an entry, with its history from a trace file.',
    options: {
      ...spoolOption,
      trace: { type: 'string', value: 'FILE', help: 'Trace file with its history.' },
      text: { type: 'boolean', help: 'Shows its text too; that is audited.' },
    },
    examples: [['offline-im show ticket-4711 --trace /var/log/my-bot/trace.ndjson', 'One message and what happened to it']],
    load: () => import('./commands/show.ts'),
  },
  {
    name: 'explain',
    usage: 'ID',
    summary: 'Why a message is where it is, what happens next, and what to do.',
    options: spoolOption,
    examples: [['offline-im explain ticket-4711', 'Why is it stuck?']],
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'requeue',
    usage: '[ID…|FILTER]',
    summary: 'Tries dead messages again; what may have been sent only by its id.',
    options: {
      ...changeOptions,
      force: { type: 'boolean', help: 'One id: sends what may have been sent without looking for it; asks for the id.' },
    },
    examples: [
      ['offline-im requeue --code EXPIRED --dry-run', 'What would be tried again'],
      ['offline-im requeue ticket-4711', 'One message'],
    ],
    load: change,
  },
  {
    name: 'cancel',
    usage: '[ID…|FILTER]',
    summary: 'Cancels what is not at work.',
    options: changeOptions,
    examples: [['offline-im cancel --mailbox bot@contoso.com --state spooled --yes', 'All that waits of a mailbox']],
    load: change,
  },
  {
    name: 'hold',
    usage: '[ID…|FILTER]',
    summary: 'Keeps messages from being sent until they are released.',
    options: changeOptions,
    examples: [['offline-im hold ticket-4711', 'One message']],
    load: change,
  },
  {
    name: 'release',
    usage: '[ID…|FILTER]',
    summary: 'Lets held messages go on.',
    options: changeOptions,
    examples: [['offline-im release --mailbox bot@contoso.com', 'All that is held of a mailbox']],
    load: change,
  },
  {
    name: 'purge',
    usage: '[ID…|FILTER]',
    summary: 'Forgets what has ended; its id still makes no second message for its time.',
    options: changeOptions,
    examples: [['offline-im purge --state dead --until 30d', 'Dead messages older than 30 days']],
    load: change,
  },
  {
    name: 'pause',
    usage: '[MAILBOX]',
    summary: 'Delivers nothing of a mailbox, or of all, in every process, until it is resumed.',
    options: { ...spoolOption, why: { type: 'string', value: 'TEXT', help: 'Kept, and shown to whoever asks.' } },
    examples: [["offline-im pause alice@contoso.com --why 'her mailbox is being moved'", 'One mailbox']],
    load: pause,
  },
  {
    name: 'resume',
    usage: '[MAILBOX]',
    summary: 'Lifts a pause.',
    options: spoolOption,
    examples: [['offline-im resume alice@contoso.com', 'One mailbox']],
    load: pause,
  },
  {
    name: 'retry-now',
    usage: '[MAILBOX]',
    summary: 'Tries what is blocked or unreachable by the next poll; does not lift a pause.',
    options: spoolOption,
    examples: [['offline-im retry-now', 'After the server was mended']],
    load: pause,
  },
  {
    name: 'check',
    usage: '',
    summary: 'Opens the spool, reads every entry and compares the counts; ends with 3 when something is wrong.',
    options: spoolOption,
    examples: [['offline-im check --spool /var/spool/my-bot/spool.db', 'After a power cut']],
    load: upkeep,
  },
  {
    name: 'migrate',
    usage: '',
    summary: 'Makes or updates the tables of a PostgreSQL spool; files and SQLite need nothing.',
    options: { ...spoolOption, 'dry-run': { type: 'boolean', help: 'Only tells whether there is something to do.' } },
    examples: [['offline-im migrate --spool postgres://localhost/im --dry-run', 'Before an update of the library']],
    load: upkeep,
  },
  {
    name: 'backup',
    usage: 'FILE',
    summary: 'Copies the spool of a folder or an SQLite file, in use or not.',
    options: { ...spoolOption, overwrite: { type: 'boolean', help: 'Replaces a file that is no backup.' } },
    examples: [['offline-im backup /var/backups/spool.db --spool /var/spool/my-bot/spool.db', 'Every night']],
    load: upkeep,
  },
  {
    name: 'send',
    usage: '[TEXT]',
    summary: 'Leaves a message in the spool; its text is an argument, or standard input.',
    options: {
      ...spoolOption,
      to: { type: 'string', multiple: true, value: 'ADDRESS', help: 'SIP or mail address; may be given several times.' },
      'message-id': { type: 'string', value: 'ID', help: 'Sent again with the same id, it makes no second message.' },
    },
    examples: [["offline-im send --to bob@contoso.com 'The build is done.'", 'From a script, with offline-im.config.json']],
    load: send,
  },
  {
    name: 'drain',
    usage: '',
    summary: 'A sender without an application: delivers what waits in the spool until SIGTERM, then finishes what is under way.',
    options: { ...spoolOption, once: { type: 'boolean', help: 'One attempt for all that waits, then ends.' } },
    examples: [['offline-im drain --spool postgres://localhost/im', 'A worker, with offline-im.config.json']],
    load: send,
  },
  {
    name: 'export',
    usage: 'FILE',
    summary: 'Writes all messages to a file, and holds what waits here for good: for another spool, of any kind.',
    options: {
      ...spoolOption,
      copy: { type: 'boolean', help: 'The spool goes on; what waits lands held where the file is imported.' },
    },
    examples: [['offline-im export spool.ndjson --spool /var/spool/my-bot', 'From a folder, to be imported into a database']],
    load: transfer,
  },
  {
    name: 'import',
    usage: 'FILE',
    summary: 'Reads a file of export; a second time it adds nothing.',
    options: spoolOption,
    examples: [['offline-im import spool.ndjson --spool postgres://localhost/im', 'Into a database']],
    load: transfer,
  },
  {
    name: 'doctor',
    usage: '',
    summary:
      'Looks at the way to a mailbox and at the spool; each line says ok, warn or fail, and what to do. Ends with 3 when one fails.',
    options: {
      ...spoolOption,
      mailbox: { type: 'string', value: 'ADDRESS', help: 'Mailbox to send from. Default: that of the config.' },
      url: { type: 'string', value: 'URL', help: 'Address of EWS. Default: that of the config, else what Autodiscover finds.' },
      login: { type: 'string', value: 'SCHEME', help: 'basic, ntlm or bearer. Default: basic.' },
      username: { type: 'string', value: 'NAME', help: 'Account to log in with.' },
      'password-env': { type: 'string', value: 'NAME', help: 'Variable of the environment with its password or token.' },
      'password-file': { type: 'string', value: 'FILE', help: 'File with its password or token.' },
      ca: { type: 'string', value: 'FILE', help: 'Certificates (PEM) that are trusted for the server.' },
      'send-test': {
        type: 'string',
        value: 'ADDRESS',
        help: 'Sends a message to that address: whether one may be sent shows in no other way.',
      },
    },
    examples: [
      [
        'offline-im doctor --mailbox bot@contoso.com --username bot@contoso.com --password-env BOT_PASSWORD',
        'Before the first message',
      ],
      ['offline-im doctor --send-test me@contoso.com', 'With offline-im.config.json, and a message that arrives'],
    ],
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'dashboard',
    usage: '',
    summary: 'Pages in a browser on this machine, until it is interrupted; prints an address that works once.',
    options: {
      ...spoolOption,
      port: { type: 'string', value: 'N', help: 'Port to listen on, at 127.0.0.1. Default: a free one.' },
      'read-only': { type: 'boolean', help: 'Nothing can be paused, resumed or requeued.' },
    },
    examples: [['offline-im dashboard --spool /var/spool/my-bot/spool.db', 'Look at a spool']],
    load: () => import('./commands/dashboard.ts'),
  },
  {
    name: 'trace',
    usage: 'FILE',
    summary: 'A trace file as a story.',
    options: {
      message: { type: 'string', value: 'ID', help: 'Only this message, with its entries and notes.' },
      follow: { type: 'boolean', short: 'f', help: 'Goes on with what is added, until interrupted; over rotations too.' },
    },
    examples: [['offline-im trace trace.ndjson --message ticket-4711', 'What happened to one message']],
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'completion',
    usage: 'SHELL',
    summary: 'What makes a shell complete commands and options: bash, zsh or fish.',
    options: {},
    examples: [
      ['source <(offline-im completion bash)', 'In ~/.bashrc; the same with zsh'],
      ['offline-im completion fish | source', 'In ~/.config/fish/config.fish'],
    ],
    load: () => import('./commands/completion.ts'),
  },
];
