import { describe, expect, it } from 'vitest';
import type { EntryFilter } from '../../../src/spool/admin/contract.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

describe('an unreadable row', () => {
  const damages = {
    'its state': `UPDATE entries SET state = 'odd' WHERE id = 'm1'`,
    'its recipients': `UPDATE entries SET recipients = '[' WHERE id = 'm1'`,
    'its message': `UPDATE entries SET body = '{"text":"cut off' WHERE id = 'm1'`,
    'a message that is gone': `UPDATE entries SET body = NULL WHERE id = 'm1'`,
  };
  it.each(Object.entries(damages))(
    'is set aside when claimed, reported without its text, and the rest goes on: %s',
    async (_, sql) => {
      const schema = fixture.newSchema();
      const reports: { where: string; error: Error }[] = [];
      const spool = await fixture.open(schema, { onCorrupt: (report) => reports.push(report) });
      const due = { pickupIn: 0 };
      await spool.append([
        newEntry('m0', due),
        newEntry('m1', due),
        newEntry('m2', due),
        newEntry('n', { ...due, conversationId: 'n' }),
      ]);
      await fixture.pool.query(sql.replace('entries', `"${schema}".entries`));
      const notes = await spool.claim(claimRequest());
      expect(notes.map(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual([['m0', 'm2'], ['n']]);
      expect(reports.map(({ where }) => where)).toEqual(['m1']);
      expect(reports[0]?.error.message).not.toContain('cut off');
      const { rows } = await fixture.pool.query(`SELECT entry->>'id' AS id FROM "${schema}".corrupt`);
      expect(rows).toEqual([{ id: 'm1' }]);
      expect(await statesOf(spool)).toEqual({ m0: 'delivering', m2: 'delivering', n: 'delivering' });
      expect((await spool.counts()).delivering).toBe(3);
      await spool.close();
    },
  );

  it.each([
    ['code', `reason = '{"code":"HOOK_FAILED'`],
    ['recipient', `recipients = '[{"address":"bob@contoso.com"'`],
  ])('does not keep a filter by %s of an operator from finding others', async (_, set) => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append(['m1', 'm2'].map((id) => newEntry(id, { pickupIn: 0, conversationId: id })));
    const reason = { code: 'HOOK_FAILED', text: 'The hook says "no" (EWS_ERROR).' } as const;
    const notes = await spool.claim(claimRequest());
    await spool.settle(notes.map(({ token }) => ({ token, to: 'dead', sent: 'no', reason })));
    await fixture.pool.query(`UPDATE "${schema}".entries SET ${set} WHERE id = 'm1'`);
    const [{ to: [{ address = '' } = {}] = [] } = {}] = await spool.findMessage((await spool.get('m2'))?.messageId ?? '');
    const found = async (filter: EntryFilter) =>
      (await spool.admin.listBy({ state: 'dead', ...filter })).entries.map(({ id }) => id);
    expect(await found({ code: 'HOOK_FAILED' })).toContain('m2');
    expect(await found({ recipient: address.toUpperCase() })).toContain('m2');
    expect(await found({ code: 'EWS_ERROR' })).toEqual([]);
    expect(await found({ recipient: address.slice(1) })).toEqual([]);
    await spool.close();
  });

  it('is set aside when read', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([newEntry('m1'), newEntry('m2')]);
    await fixture.pool.query(`UPDATE "${schema}".entries SET unknown_attempts = 'x' WHERE id = 'm1'`);
    expect(await spool.get('m1')).toBeUndefined();
    expect(await statesOf(spool)).toEqual({ m2: 'spooled' });
    expect((await spool.counts()).spooled).toBe(1);
    await spool.close();
  });
});

describe('an unreadable note', () => {
  const reason = { code: 'EWS_ERROR', text: 'Exchange answered with a code.' } as const;
  const damages = {
    'its members': `entry_ids = '['`,
    'members that are no list': `entry_ids = '{}'`,
    'its state': `state = 'odd'`,
    'what is frozen': `frozen = '[]'`,
  };

  async function damaged(set: string, to: 'unconfirmed' | 'deferred') {
    const schema = fixture.newSchema();
    const reports: string[] = [];
    const spool = await fixture.open(schema, { onCorrupt: ({ where }) => reports.push(where) });
    const due = { pickupIn: 0 };
    await spool.append([newEntry('m0', due), newEntry('m1', due), newEntry('n', { ...due, conversationId: 'n' })]);
    const claimed = await spool.claim(claimRequest());
    const counted = { after: 0, failure: true, absent: false, counted: 0, reason };
    await spool.settle(claimed.map(({ token }) => ({ token, to, ...counted })));
    const bad = claimed.find(({ entries }) => entries.length === 2)?.noteId;
    await fixture.pool.query(`UPDATE "${schema}".notes SET ${set} WHERE id = '${bad}'`);
    return { schema, spool, reports };
  }

  it.each(
    Object.entries(damages).flatMap(([name, set]) => [[name, set, 'unconfirmed'] as const, [name, set, 'deferred'] as const]),
  )('is set aside with its members, which are never sent again, and the rest goes on: %s, %s, %s', async (_, set, to) => {
    const { schema, spool, reports } = await damaged(set, to);
    const again = await spool.claim(claimRequest({ kind: to === 'deferred' ? 'deliver' : 'probe' }));
    expect(again.map(({ entries }) => entries.map(({ id }) => id))).toEqual([['n']]);
    expect(reports.sort()).toEqual(['m0', 'm1']);
    const { rows } = await fixture.pool.query(`SELECT entry->>'id' AS id FROM "${schema}".corrupt ORDER BY 1`);
    expect(rows).toEqual([{ id: 'm0' }, { id: 'm1' }]);
    expect(Object.keys(await statesOf(spool))).toEqual(['n']);
    expect(await spool.counts()).toMatchObject({ delivering: to === 'deferred' ? 1 : 0, unconfirmed: to === 'deferred' ? 0 : 1 });
    await spool.close();
  });

  it.each(Object.entries(damages))('is also found by a host that cancels a member: %s', async (_, set) => {
    const { spool, reports } = await damaged(set, 'unconfirmed');
    expect(await spool.cancel(['m1', 'n'])).toMatchObject([{ entryId: 'n' }]);
    expect(reports.sort()).toEqual(['m0', 'm1']);
    await spool.close();
  });

  it.each(Object.entries(damages))('keeps nothing else from expiring: %s', async (_, set) => {
    const { schema, spool } = await damaged(set, 'unconfirmed');
    await fixture.pool.query(`UPDATE "${schema}".entries SET expires_at = 1`);
    const request = { owner: 'me', closedLanes: [], giveUpAfter: 0, reason };
    for (let step = 0; step < 2; step++) await spool.expire(request);
    expect(await statesOf(spool)).toMatchObject({ n: 'dead' });
    await spool.close();
  });

  it.each(Object.entries(damages))('keeps nothing else from being claimed once its lease has expired: %s', async (_, set) => {
    const { schema, spool, reports } = await damaged(set, 'unconfirmed');
    const lease = `token = id || ':1:probe', lease_kind = 'probe', lease_until = 1`;
    await fixture.pool.query(`UPDATE "${schema}".notes SET ${lease}, probe_at = NULL WHERE ${set}`);
    const again = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(again.map(({ entries }) => entries.map(({ id }) => id))).toEqual([['n']]);
    expect(reports.sort()).toEqual(['m0', 'm1']);
    await spool.close();
  });

  it('is read with members of any name', async () => {
    const spool = await fixture.open(fixture.newSchema());
    const odd = [
      'quote"',
      'back\\slash',
      "apostrophe'",
      'a,b',
      '[x]',
      'new\nline',
      'bell\u0007',
      'del\u007f',
      'é 😀 \u2028',
      '%_',
    ];
    await spool.append(odd.map((id) => newEntry(id, { messageId: id, pickupIn: 0 })));
    const [note] = await spool.claim(claimRequest());
    await spool.settle([{ token: note?.token ?? '', to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
    const [probed] = await spool.claim(claimRequest({ kind: 'probe' }));
    await spool.settle([{ token: probed?.token ?? '', to: 'delivered', messageClass: 'IPM.Note' }]);
    expect(await statesOf(spool)).toEqual(Object.fromEntries(odd.map((id) => [id, 'delivered'])));
    await spool.close();
  });

  it('is found while it is stored in the row of its stream', async () => {
    const schema = fixture.newSchema();
    const reports: string[] = [];
    const spool = await fixture.open(schema, { onCorrupt: ({ where }) => reports.push(where) });
    await spool.append([newEntry('a', { pickupIn: 0 }), newEntry('n', { pickupIn: 0, conversationId: 'n' })]);
    const claimed = await spool.claim(claimRequest());
    const bad = claimed.find(({ entries }) => entries[0]?.id === 'a')?.noteId;
    await fixture.pool.query(`UPDATE "${schema}".streams SET frozen = '[' WHERE note_id = '${bad}'`);
    expect(await spool.cancel(['a', 'n'])).toMatchObject([{ entryId: 'n', to: 'delivering' }]);
    expect(reports).toEqual(['a']);
    expect(Object.keys(await statesOf(spool))).toEqual(['n']);
    await spool.close();
  });
});
