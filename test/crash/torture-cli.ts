/**
 * `npm run torture -- --spool sqlite|file|postgres --kills 200 --messages 20000 --workers 3 --mailboxes 20 --seed 1 --loss 0.15
 * --transport ews|graph|both --disturb --pgbouncer`: exit code 1 unless the verdict is clean, 2 for invalid options. `--disturb`
 * also suspends workers beyond their lease and, for PostgreSQL, whose server it starts itself, restarts and crashes the server
 * and breaks its connections. `--pgbouncer` puts a PgBouncer in transaction mode in front of it, which is killed too.
 * `--connection postgres://…` uses a running server.
 */
import { isDeepStrictEqual } from 'node:util';
import { PgBouncer } from '../support/pgbouncer.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { type CliOptions, cliOptions } from './cli-options.ts';
import { disturbances, graceWhenDisturbed } from './disturb.ts';
import { cleanVerdict, torture } from './torture.ts';

const usage = `npm run torture -- [options]
  --spool KIND       file, sqlite or postgres (file)
  --transport WAY    ews, graph or both, which moves two mailboxes in the middle (ews)
  --kills N          (50 with a file spool, else 200)
  --messages N       (5000 with a file spool, else 20000)
  --workers N        processes at a time (1 with a file spool, else 3)
  --mailboxes N      that send (1 with a file spool, else 20)
  --seed N           (drawn)
  --loss P           of every response to what sends, from 0 up to 1 (0.15)
  --disturb          hosts that copy, read and back up the files; pauses beyond the lease; a database that restarts, crashes and breaks connections
  --pgbouncer        a PgBouncer in transaction mode before the server, killed too
  --connection URL   a PostgreSQL that runs already`;

function optionsOrEnd(): CliOptions {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return cliOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const { torture: options, disturb, pgbouncer, connection } = optionsOrEnd();
console.log(JSON.stringify({ ...options, disturb, pgbouncer }));
const server = options.spool === 'postgres' && connection === undefined ? await PostgresServer.start() : undefined;
const bouncer = pgbouncer && server !== undefined ? await PgBouncer.before(server.address, { connections: 20 }) : undefined;
const connectionString = connection ?? bouncer?.connectionString ?? server?.connectionString;
const verdict = await torture({
  ...options,
  ...(connectionString === undefined ? {} : { connectionString }),
  ...(disturb
    ? { disturb: disturbances({ ...(server && { server }), ...(bouncer && { bouncer }) }), probeGrace: graceWhenDisturbed }
    : {}),
  report: (line) => console.log(line),
}).finally(async () => {
  await bouncer?.[Symbol.asyncDispose]();
  await server?.close();
});
const { waits, struck, calls, bodies, dead, ...found } = verdict;
const { accepted, lost, twice, misdirected, outOfOrder, contradicted, belied, drafts, left, ended, schemaErrors } = found;
console.log(
  `killed: ${struck.spawned} before they opened the spool, ${struck.opening} while they did, ${struck.ready + struck.sending} later`,
);
console.log(
  `${calls.made} calls of send(): ${calls.refused} refused, ${calls.unknown} unknown, ${calls.repeated} repetitions of what had been kept, ${calls.cut} cut off`,
);
console.log(
  `accepted ${accepted}, lost ${lost.length}, duplicated ${twice.length}, misdirected ${misdirected.length}, out of order ${outOfOrder.length}, ` +
    `contradicted ${contradicted.length}, belied ${belied.length}, drafts ${drafts}, ended by themselves ${ended.length}, left in the spool ${JSON.stringify(left)}`,
);
console.log(`dead, each with its reason: ${JSON.stringify(dead)}`);
console.log(`waited from acceptance to arrival: least ${waits.least} ms, median ${waits.median} ms, longest ${waits.longest} ms`);
console.log(`${bodies} bodies checked against the schema, ${schemaErrors.length} wrong`);
const clean = isDeepStrictEqual(found, cleanVerdict(options.messages));
const passed = bodies === 0 ? 'passed, but without the schema' : 'passed';
console.log(clean ? passed : `failed: ${JSON.stringify(verdict).slice(0, 2_000)}`);
process.exitCode = clean ? 0 : 1;
