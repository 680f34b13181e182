import { describe, expect, it } from 'vitest';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

describe('a row that cannot be read', () => {
  const damages = {
    'its state': `UPDATE entries SET state = 'odd' WHERE id = 'm1'`,
    'its recipients': `UPDATE entries SET recipients = '[' WHERE id = 'm1'`,
    'its message': `UPDATE entries SET body = '{"text":"cut off' WHERE id = 'm1'`,
    'a message that is gone': `UPDATE entries SET body = NULL WHERE id = 'm1'`,
  };
  it.each(Object.entries(damages))(
    'is set aside when it is claimed, reported without its text, and the rest goes on: %s',
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

  it('is set aside when it is read', async () => {
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
