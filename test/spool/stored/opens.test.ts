/** Spools written by version 0.1.0 (its own code, at revision 8cc7cb1) open, and everything in them continues. */
import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { claimRequest, statesOf } from '../../support/spool-entries.ts';
import { useServer } from '../postgres/fixture.ts';
import { world } from '../sqlite/support.ts';

const folder = new URL('./0.1.0/', import.meta.url);
const context = { clock: systemClock, tombstones: 315_360_000_000 };

const states = {
  delivered: 'delivered',
  deferred: 'deferred',
  retried: 'deferred',
  unconfirmed: 'unconfirmed',
  dead: 'dead',
  probed: 'unconfirmed',
  delivering: 'delivering',
  'two-1': 'delivering',
  'two-2': 'delivering',
  spooled: 'spooled',
  held: 'held',
  cancelled: 'cancelled',
  'Grüße 😀 "x"': 'spooled',
};

async function goesOn(spool: SpoolStorage): Promise<void> {
  expect(await statesOf(spool)).toEqual(states);
  expect(await spool.counts()).toMatchObject({
    spooled: 2,
    deferred: 2,
    delivering: 3,
    unconfirmed: 2,
    held: 1,
    dead: 1,
    delivered: 1,
    cancelled: 1,
  });
  expect(await spool.get('delivered')).toMatchObject({ messageClass: 'IPM.Note.Microsoft.Missed', attempt: 1 });
  expect(await spool.get('dead')).toMatchObject({ reason: { code: 'EWS_ERROR', serverCode: 'ErrorX' }, unknownAttempts: [{}] });
  expect(await spool.get('spooled')).toMatchObject({
    message: { text: 'text of spooled' },
    to: [{ address: 'bob@contoso.com' }],
  });
  expect(await spool.findMessage('m-purged')).toHaveLength(1);
  // The claim belongs to another process: only that may end it.
  const two = await spool.get('two-1');
  const token = `${two?.noteId}:${two?.attempt}`;
  expect((await spool.settle([{ token: `${token}:deliver:0`, to: 'delivered' }])).lost).toHaveLength(1);
  await spool.release(['held']);
  await spool.requeue(['dead']);
  const notes = await spool.claim(claimRequest({ limit: 20, perLane: 20, newNoteId: () => `new-${Math.random()}` }));
  expect(notes.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual([
    'Grüße 😀 "x"',
    'deferred',
    'held',
    'retried',
    'spooled',
  ]);
  expect(notes.find(({ entries }) => entries[0]?.id === 'retried')).toMatchObject({ attempt: 2, unknownAttempts: [{}] });
  const probes = await spool.claim(claimRequest({ kind: 'probe', limit: 20, perLane: 20 }));
  expect(probes.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['dead', 'unconfirmed']);
  expect(probes.find(({ entries }) => entries[0]?.id === 'unconfirmed')).toMatchObject({
    absences: 1,
    unconfirmedFor: 5,
    unknownAttempts: [{}],
  });
  const all = [...notes, ...probes];
  const { lost } = await spool.settle(all.map(({ token: one }) => ({ token: one, to: 'delivered' })));
  expect(lost).toEqual([]);
  expect(await spool.counts()).toMatchObject({ delivered: 8, cancelled: 1, delivering: 3, unconfirmed: 1 });
}

describe('a spool of 0.1.0', () => {
  it('opens and goes on: SqliteSpool', async () => {
    await using at = await world();
    await writeFile(at.path, gunzipSync(await readFile(new URL('spool.db.gz', folder))));
    const warnings: Error[] = [];
    const spool = await at.open({ ...context, onWarning: (error) => warnings.push(error) });
    await goesOn(spool);
    expect(warnings).toEqual([]);
  });

  const fixture = useServer();

  it('opens and goes on: PostgresSpool', async () => {
    const { ddl, tick, rows } = JSON.parse(await readFile(new URL('postgres.json', folder), 'utf8')) as {
      ddl: string;
      tick: string;
      rows: Record<string, object[]>;
    };
    await fixture.pool.query('CREATE SCHEMA old');
    await fixture.pool.query(ddl);
    await fixture.pool.query('DELETE FROM old.meta');
    for (const [table, content] of Object.entries(rows)) {
      const insert = `INSERT INTO old.${table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::old.${table}, $1)`;
      await fixture.pool.query(insert, [JSON.stringify(content)]);
    }
    await fixture.pool.query("SELECT setval('old.ticks', $1)", [tick]);
    await fixture.pool.query("SELECT setval(pg_get_serial_sequence('old.tallies', 'id'), 1000)");
    const spool = new PostgresSpool({ pool: fixture.pool, schema: 'old', migrate: true });
    await spool.open(context);
    await goesOn(spool);
    await spool.close();
  });
});
