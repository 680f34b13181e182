/**
 * `npm run torture -- --spool sqlite|file|postgres --kills 200 --messages 20000 --workers 3 --mailboxes 20 --seed 1 --loss 0.15 --disturb`:
 * exit code 1 unless the verdict is clean. `--disturb` also stops workers beyond their lease and, for PostgreSQL, whose server it starts itself, restarts and
 * crashes that and breaks its connections. `--connection postgres://…` takes a server that runs already.
 */
import { parseArgs } from 'node:util';
import { PostgresServer } from '../support/postgres-server.ts';
import { disturbances, graceWhenDisturbed } from './disturb.ts';
import { torture } from './torture.ts';

const { values } = parseArgs({
  options: {
    spool: { type: 'string', default: 'file' },
    kills: { type: 'string' },
    messages: { type: 'string' },
    workers: { type: 'string' },
    mailboxes: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    loss: { type: 'string', default: '0.15' },
    disturb: { type: 'boolean', default: false },
    connection: { type: 'string' },
  },
});

const { spool } = values;
if (spool !== 'file' && spool !== 'sqlite' && spool !== 'postgres') {
  console.error(`--spool is ${JSON.stringify(spool)}; expected file, sqlite or postgres.`);
  process.exit(2);
}
const whole = (text: string | undefined, byDefault: number): number => (text === undefined ? byDefault : Number(text));
const onlyOne = spool === 'file';
const messages = whole(values.messages, onlyOne ? 5_000 : 20_000);
const options = {
  spool,
  kills: whole(values.kills, onlyOne ? 50 : 200),
  messages,
  workers: onlyOne ? 1 : whole(values.workers, 3),
  mailboxes: whole(values.mailboxes, onlyOne ? 1 : 20),
  seed: Number(values.seed),
  loss: Number(values.loss),
} as const;
console.log(JSON.stringify({ ...options, disturb: values.disturb }));
const server = spool === 'postgres' && values.connection === undefined ? await PostgresServer.start() : undefined;
const connectionString = values.connection ?? server?.connectionString;
const verdict = await torture({
  ...options,
  ...(connectionString === undefined ? {} : { connectionString }),
  ...(values.disturb ? { disturb: disturbances(server === undefined ? {} : { server }), probeGrace: graceWhenDisturbed } : {}),
  report: (line) => console.log(line),
}).finally(() => server?.close());
const { accepted, lost, twice, outOfOrder, drafts, waits, bodies, schemaErrors } = verdict;
console.log(
  `accepted ${accepted}, lost ${lost.length}, duplicated ${twice.length}, out of order ${outOfOrder.length}, drafts ${drafts}`,
);
console.log(`waited from acceptance to arrival: median ${waits.median} ms, longest ${waits.longest} ms`);
console.log(`${bodies} bodies checked against the schema, ${schemaErrors.length} wrong`);
const clean = accepted === messages && [lost, twice, outOfOrder, schemaErrors].every((list) => list.length === 0) && drafts === 0;
console.log(clean ? 'passed' : `failed: ${JSON.stringify(verdict).slice(0, 2_000)}`);
process.exitCode = clean ? 0 : 1;
