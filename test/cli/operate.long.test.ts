import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { offlineIm } from './offline-im.ts';

let folder: string;
let server: PostgresServer;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-cli-'));
  server = await PostgresServer.start();
});

afterAll(async () => {
  for (const close of closing) await close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Where each kind of spool lies, and how a sender opens it. */
const kinds: Readonly<Record<string, () => Promise<{ readonly where: string; readonly spool: SpoolStorage }>>> = {
  file: async () => {
    const root = join(folder, 'files');
    return { where: root, spool: new FileSpool({ root }) };
  },
  sqlite: async () => {
    const path = join(folder, 'spool.db');
    return { where: path, spool: new SqliteSpool({ path }) };
  },
  postgres: async () => {
    const pool = server.pool({ max: 5 });
    closing.push(() => pool.end());
    const spool = new PostgresSpool({ pool });
    await spool.migrate();
    return { where: server.connectionString, spool: spool as SpoolStorage };
  },
};

describe.each(Object.entries(kinds))('on a %s spool', (kind, make) => {
  let where: string;
  const run = async (...args: string[]) => {
    const { code, out, err } = await offlineIm([...args, '--spool', where, '--json']);
    return { code, err, json: out === '' ? undefined : JSON.parse(out) };
  };

  beforeAll(async () => {
    const made = await make();
    where = made.where;
    const transport = new FakeTransport();
    transport.answer = () => ({
      status: 'rejected',
      scope: 'note',
      splittable: false,
      draft: 'none',
      error: Object.assign(new Error('no'), { code: 'EWS_ERROR' }) as never,
    });
    const { sender } = aliceSends({ spool: made.spool, transport, clock: systemClock as never });
    await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'dead' });
    await sender.flush();
    await sender.send({ to: 'sip:carol@contoso.com', text: 'secret text', messageId: 'waits' });
    await sender.stop();
  });

  it('lists, shows and explains', async () => {
    expect((await run('stats')).json).toMatchObject({ states: { dead: 1, spooled: 1 } });
    expect((await run('stats', '--fail-if', 'dead>0')).code).toBe(3);
    expect((await run('stats', '--fail-if', 'dead>1')).code).toBe(0);
    expect((await run('list', '--state', 'dead')).json).toMatchObject({ entries: [{ messageId: 'dead' }] });
    expect((await run('list', '--recipient', 'CAROL@contoso.com')).json).toMatchObject({ entries: [{ messageId: 'waits' }] });
    const shown = await run('show', 'waits');
    expect(JSON.stringify(shown.json)).not.toContain('secret text');
    expect(JSON.stringify((await run('show', 'waits', '--text')).json)).toContain('secret text');
    expect((await run('explain', 'waits')).json).toMatchObject({ explanations: [{ waitingFor: 'pickup' }] });
    expect(await run('explain', 'nobody')).toMatchObject({ code: 1, err: expect.stringContaining('ENTRY_UNKNOWN') });
  });

  it('changes by filter and by id, and nothing in a dry run or without a yes', async () => {
    expect((await run('requeue', '--state', 'dead', '--dry-run')).json).toMatchObject({ matched: 1, changes: [] });
    expect((await run('requeue', '--state', 'dead')).code).toBe(2);
    expect((await run('stats')).json).toMatchObject({ states: { dead: 1 } });
    expect((await run('requeue', '--state', 'dead', '--yes')).json).toMatchObject({ changes: [{ from: 'dead', to: 'spooled' }] });
    expect((await run('hold', 'waits')).json).toMatchObject({ changes: [{ to: 'held' }] });
    expect((await run('explain', 'waits')).json).toMatchObject({ explanations: [{ waitingFor: 'held' }] });
    expect((await run('release', '--mailbox', 'alice@contoso.com', '-y')).json).toMatchObject({ changes: [{ to: 'spooled' }] });
    expect((await run('cancel', 'dead')).json).toMatchObject({ changes: [{ to: 'cancelled' }] });
    expect((await run('purge', '--state', 'cancelled', '--yes')).json).toMatchObject({ changes: [{ to: 'purged' }] });
    expect((await run('requeue', 'waits', '--force')).code).toBe(2);
    expect((await run('hold')).code).toBe(2);
  });

  it('pauses and resumes', async () => {
    expect((await run('pause', 'alice@contoso.com', '--why', 'moved')).json).toMatchObject({
      paused: [{ lane: 'alice@contoso.com', why: 'moved' }],
    });
    expect((await run('explain', 'waits')).json).toMatchObject({ explanations: [{ waitingFor: 'paused' }] });
    expect((await run('resume', 'alice@contoso.com')).json).toMatchObject({ paused: [] });
    expect((await run('retry-now')).code).toBe(0);
  });

  it('checks and migrates', async () => {
    expect(await run('check')).toMatchObject({ code: 0, json: { ok: true, findings: [] } });
    expect((await run('migrate', '--dry-run')).json).toEqual({ needed: false, done: false });
    const target = join(folder, `${kind}.backup`);
    const backup = await run('backup', target);
    if (kind !== 'postgres') {
      expect(backup.code).toBe(0);
      const copy = await offlineIm(['stats', '--spool', target, '--json']);
      expect(JSON.parse(copy.out)).toMatchObject({ states: { held: 1 } });
    } else expect(backup).toMatchObject({ code: 1, err: expect.stringContaining('pg_dump') });
  });
});

it('tells the story of one message in a trace file', async () => {
  const path = join(folder, 'trace.ndjson');
  const lines = [
    { time: '2026-11-28T03:00:00.000Z', level: 'info', event: 'message:spooled', messageId: 'm1', entryId: 'e1' },
    { time: '2026-11-28T03:00:01.000Z', level: 'info', event: 'message:spooled', messageId: 'm2', entryId: 'e2' },
    { time: '2026-11-28T03:02:00.000Z', level: 'info', event: 'message:delivered', entryId: 'e1', noteId: 'n1' },
  ];
  await writeFile(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"cut of`);
  const { code, out } = await offlineIm(['trace', path, '--message', 'm1']);
  expect(code).toBe(0);
  expect(out).toBe(`2026-11-28T03:00:00.000Z  message:spooled  messageId=m1  entryId=e1
2026-11-28T03:02:00.000Z  message:delivered  entryId=e1  noteId=n1
`);
});
