import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';
import { fill } from './running-sender.ts';

/** A command line, and its expected output for people and as JSON; each is run both ways, in this order. */
interface Row {
  readonly args: readonly string[];
  readonly code?: number;
  /** The complete output; on failure, that on standard error. */
  readonly person: RegExp;
  readonly json: object;
  /** Kinds of spools to which this applies. @default all */
  readonly on?: readonly string[];
}

const entry = (state: string, messageId: string) => ({ state, messageId, lane: 'alice@contoso.com' });

function rowsIn(folder: string, name: string): readonly Row[] {
  const trace = join(folder, 'trace.ndjson');
  return [
    {
      args: ['stats'],
      person: /^STATE\tENTRIES\nspooled\t1\n[\s\S]*held\t1\n[\s\S]*dead\t1\n[\s\S]*cancelled\t1\n/,
      json: { states: { spooled: 1, dead: 1, held: 1, cancelled: 1 }, paused: [] },
    },
    { args: ['stats', '--fail-if', 'dead>0'], code: 3, person: /\ndead\t1\n/, json: { states: { dead: 1 } } },
    {
      args: ['list', '--state', 'dead'],
      person: /^ID\tSTATE\tMAILBOX\tTO\tACCEPTED\tREASON\n\S+\tdead\talice@contoso\.com\tbob@contoso\.com\t\S+Z\tEWS_ERROR\n$/,
      json: { entries: [entry('dead', 'dead')], more: false },
    },
    {
      args: ['list', '--recipient', 'CAROL@contoso.com', '--since', '1h'],
      person: /\tspooled\talice@contoso\.com\tcarol@contoso\.com\t/,
      json: { entries: [entry('spooled', 'waits')] },
    },
    {
      args: ['show', 'waits', '--trace', trace],
      person: /(?=[\s\S]*^state\tspooled$)(?=[\s\S]*^2026-11-28T03:00:00\.000Z {2}message:spooled)^(?![\s\S]*hidden words)/m,
      json: { entries: [entry('spooled', 'waits')], history: [{ event: 'message:spooled' }] },
    },
    {
      args: ['show', 'waits', '--text'],
      person: /^message\t.*hidden words/m,
      json: { entries: [{ message: { text: 'hidden words' } }] },
    },
    {
      args: ['explain', 'waits'],
      person:
        /^\S+ spooled: It was accepted at \S+Z and is waiting for its pickup time; a sender picks it up at \S+Z\.\nTo do: Nothing, as long as a sender is running on this spool\.\n$/,
      json: { explanations: [{ waitingFor: 'pickup', state: 'spooled' }] },
    },
    {
      args: ['explain', 'nobody'],
      code: 1,
      person: /^offline-im: .*"nobody".*\[ENTRY_UNKNOWN\]\n$/,
      json: { error: { code: 'ENTRY_UNKNOWN' } },
    },
    {
      args: ['requeue', '--state', 'dead', '--dry-run'],
      person: /^requeue: 1 would be changed\n$/,
      json: { verb: 'requeue', dryRun: true, matched: 1, changes: [] },
    },
    {
      args: ['requeue', '--state', 'dead'],
      code: 2,
      person: /^offline-im: Nothing was done/,
      json: { error: { code: 'USAGE' } },
    },
    { args: ['requeue', 'waits', '--force'], code: 2, person: /the id was not typed/, json: { error: { code: 'USAGE' } } },
    {
      args: ['pause', '--why', 'moved'],
      person: /^every mailbox is paused: /,
      json: { command: 'pause', paused: [{ why: 'moved' }] },
    },
    {
      args: ['explain', 'waits'],
      person: /spooled: Delivery was paused for every mailbox at \S+Z by .* \(moved\); .*\nTo do: offline-im resume\n$/,
      json: { explanations: [{ waitingFor: 'paused' }] },
    },
    { args: ['hold', 'waits'], person: /^\S+\tspooled → held\n$/, json: { verb: 'hold', changes: [] } },
    {
      args: ['release', '--mailbox', 'alice@contoso.com', '--yes'],
      person: /^release: 2 changed\n$/,
      json: { verb: 'release', changes: [] },
    },
    {
      args: ['requeue', '--code', 'EWS_ERROR', '-y'],
      person: /^requeue: 1 changed\n$/,
      json: { verb: 'requeue', matched: 0, changes: [] },
    },
    { args: ['cancel', 'held'], person: /^\S+\tspooled → cancelled\n$/, json: { verb: 'cancel', changes: [] } },
    { args: ['purge', '--state', 'cancelled', '-y'], person: /^purge: 2 changed\n$/, json: { verb: 'purge', matched: 0 } },
    { args: ['resume'], person: /^every mailbox is resumed\.\n$/, json: { command: 'resume', paused: [] } },
    {
      args: ['retry-now', 'alice@contoso.com'],
      person: /^Every sender on this spool retries alice@contoso\.com by its next poll\.\n$/,
      json: { command: 'retry-now' },
    },
    { args: ['check'], person: /^ok\t/, json: { ok: true, findings: [] } },
    { args: ['migrate', '--dry-run'], person: /^Nothing to do\.\n$/, json: { needed: false, done: false } },
    {
      args: ['backup', join(folder, `${name}.backup`)],
      on: ['file', 'sqlite'],
      person: /^The spool was copied to /,
      json: { backup: join(folder, `${name}.backup`) },
    },
    {
      args: ['backup', join(folder, 'x')],
      on: ['postgres'],
      code: 1,
      person: /pg_dump/,
      json: { error: { code: 'BACKUP_REFUSED' } },
    },
    {
      args: ['trace', trace, '--message', 'waits'],
      person: /^2026-11-28T03:00:00\.000Z {2}message:spooled {2}messageId=waits\n$/,
      json: { event: 'message:spooled', messageId: 'waits' },
    },
  ];
}

let folder: string;
let server: PostgresServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-commands-'));
  await writeFile(
    join(folder, 'trace.ndjson'),
    `${JSON.stringify({ time: '2026-11-28T03:00:00.000Z', level: 'info', event: 'message:spooled', messageId: 'waits' })}\n`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(['file', 'sqlite', 'postgres'])('on a %s spool', (kind) => {
  describe.each([
    ['while a sender runs', true],
    ['while none does', false],
  ])('%s', (_, runs) => {
    const name = `${kind}-${runs}`;
    const rows = rowsIn('FOLDER', name).filter(({ on }) => on === undefined || on.includes(kind));
    let where: string;
    let sender: ChildProcess;

    beforeAll(async () => {
      if (kind === 'postgres') server = await PostgresServer.start();
      where = kind === 'postgres' ? server.connectionString : join(folder, name);
      sender = await fill(kind, where, runs);
    });

    afterAll(async () => {
      sender.kill('SIGKILL');
      if (sender.exitCode === null && sender.signalCode === null) await once(sender, 'exit');
      if (kind === 'postgres') await server.close();
    });

    it.each(rows.map((row, index) => [row.args.join(' '), index] as const))('%s', async (_line, index) => {
      const row = rowsIn(folder, name).filter(({ on }) => on === undefined || on.includes(kind))[index];
      if (row === undefined) throw new Error('There is no such row.');
      const args = row.args[0] === 'trace' ? row.args : [...row.args, '--spool', where];
      const { code = 0 } = row;
      const person = await offlineIm(args);
      expect(person).toMatchObject(code === 0 || code === 3 ? { code, err: '' } : { code, out: '' });
      expect(person.out + person.err).toMatch(row.person);
      // In the same process: one per command would take most of the time of this test.
      const program = await offlineImHere([...args, '--json']);
      expect(program.code).toBe(code);
      expect(JSON.parse(program.out || program.err)).toMatchObject(row.json);
      // Times are ISO 8601, never ms since 1970.
      expect(program.out).not.toMatch(/[:[,]\s*1[0-9]{12}\b/);
    });

    it('leaves the sender undisturbed', () => {
      expect(sender.exitCode).toBe(runs ? null : 0);
    });
  });
});

/** Each has its own suite: they need a server, keep running, or need two spools. */
const elsewhere = ['simulator', 'doctor', 'export', 'import', 'send', 'drain', 'dashboard', 'completion'];

it('every command is in the table', () => {
  const told = new Set(rowsIn('', '').map(({ args }) => args[0]));
  expect(commands.map(({ name }) => name).filter((name) => !told.has(name) && !elsewhere.includes(name))).toEqual([]);
});
