/** Names of mailboxes come from hosts: written into a query or given as a parameter, they are what they were. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/core/joined.ts';
import { textArray, writtenTexts } from '../../../src/spool/postgres/tables/texts.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();
const hostile = [
  "'; DROP TABLE x; --",
  '$oim$',
  '$$',
  '\\',
  '"',
  '{}',
  ',',
  'NULL',
  '',
  ' ',
  '\n',
  '\u{1f600}',
  'é',
  '\u007f',
  "E'\\''",
  '$1',
];
const name = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'grapheme' }).filter((one) => one.isWellFormed() && !one.includes('\0')),
);

describe('texts on their way to the server', () => {
  it.each(['', "SET standard_conforming_strings = off; SET client_encoding = 'WIN1252'"])(
    'are what they were, written into a query (%j)',
    async (settings) => {
      const client = await fixture.pool.connect();
      try {
        await client.query(`BEGIN; ${settings.replaceAll('SET ', 'SET LOCAL ')}`);
        await fc.assert(
          fc.asyncProperty(fc.array(name, { maxLength: 20 }), async (texts) => {
            // Told in ASCII, so that only the way there depends on the encoding.
            const { rows } = await client.query(
              `SELECT coalesce(json_agg(encode(convert_to(u, 'UTF8'), 'hex')), '[]') AS told FROM unnest(${writtenTexts(texts)}) u`,
            );
            expect(rows).toEqual([{ told: texts.map((one) => Buffer.from(one).toString('hex')) }]);
          }),
          { numRuns: 50 },
        );
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
  );

  it('are what they were as a parameter, joined of several lists or not', async () => {
    const lists = fc.array(fc.array(name, { maxLength: 100 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, async (parts) => {
        const all = joined(parts);
        // What is kept of a long list is used the second time.
        for (let again = 0; again < 2; again++) {
          const { rows } = await fixture.pool.query('SELECT to_json($1::text[]) AS told', [textArray(all)]);
          expect(rows).toEqual([{ told: parts.flat() }]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(['a\ud800@contoso.com', 'a\0@contoso.com'])(
    'none that PostgreSQL has no letters for keeps all mailboxes waiting: %j',
    async (odd) => {
      const spool = await fixture.open(fixture.newSchema());
      await spool.append([newEntry('a', { pickupIn: 0 })]);
      for (const except of [[odd], [odd, ...Array.from({ length: 100 }, (_, index) => `m${index}`)]]) {
        expect(await spool.nextDue({ except })).toBe(0);
        expect(await spool.claim(claimRequest({ kind: 'probe', lanes: { except } }))).toEqual([]);
        const [note] = await spool.claim(claimRequest({ lanes: { except } }));
        expect(note?.entries).toHaveLength(1);
        await spool.settle([{ token: note?.token ?? '', to: 'unclaim' }]);
      }
      await spool.close();
    },
  );
});
