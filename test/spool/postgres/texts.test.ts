/** Names of mailboxes come from hosts: written into a query or passed as a parameter, they stay unchanged. */
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

describe('texts sent to the server', () => {
  it.each(['', "SET standard_conforming_strings = off; SET client_encoding = 'WIN1252'"])(
    'are unchanged when written into a query (%j)',
    async (settings) => {
      const client = await fixture.pool.connect();
      try {
        await client.query(`BEGIN; ${settings.replaceAll('SET ', 'SET LOCAL ')}`);
        await fc.assert(
          fc.asyncProperty(fc.array(name, { maxLength: 20 }), async (texts) => {
            // Returned in ASCII, so that only the way to the server depends on the encoding.
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

  it('are unchanged as parameters, from one list or several', async () => {
    const lists = fc.array(fc.array(name, { maxLength: 100 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lists, async (parts) => {
        const all = joined(parts);
        // The cached form of a long list is used the second time.
        for (let again = 0; again < 2; again++) {
          const { rows } = await fixture.pool.query('SELECT to_json($1::text[]) AS told', [textArray(all)]);
          expect(rows).toEqual([{ told: parts.flat() }]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each(['a\ud800@contoso.com', 'a\0@contoso.com'])(
    'that PostgreSQL cannot store do not block all mailboxes: %j',
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

it('no query contains an address, a name or a text: a server logs failed queries', async () => {
  const pool = fixture.server.pool({ max: 8 });
  const said: string[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => {
      const [first] = given;
      said.push(typeof first === 'string' ? first : String((first as { text?: unknown }).text));
      return query(...given);
    }) as typeof client.query;
  });
  const spool = await fixture.open(fixture.newSchema(), {}, pool);
  const lanes = ['secret-1@contoso.com', 'secret-2@contoso.com', 'secret-3@contoso.com'];
  const unconfirmed = {
    to: 'unconfirmed',
    after: 0,
    absent: false,
    counted: 0,
    reason: { code: 'ENDPOINT_UNREACHABLE', text: 'No answer.' },
  } as const;
  const append = (round: number) =>
    spool.append(
      lanes.flatMap((lane, nth) =>
        ['a', 'b'].map((one) => newEntry(`${round}-${one}-${nth}`, { pickupIn: 0, lane, conversationId: `${one} with secret` })),
      ),
    );
  for (const [round, request] of [
    {},
    {},
    { lanes: { except: lanes.slice(0, 1) } },
    { lanes: { only: lanes.slice(1) } },
    { ignorePickup: true },
    {},
    {},
  ].entries()) {
    await append(round);
    const claimed = await spool.claim(claimRequest({ limit: 3, perLane: 1, ...request }));
    expect(claimed.length).toBeGreaterThan(0);
    await spool.renew(
      claimed.map(({ token }) => token),
      60_000,
    );
    const settled = await spool.settle(
      claimed.map(({ token }, index) => (index % 2 === 0 ? { token, to: 'delivered' } : { token, ...unconfirmed })),
    );
    expect(settled.lost).toEqual([]);
    await spool.claim(claimRequest({ kind: 'probe', limit: 3, perLane: 1, ...request }));
  }
  await spool.nextDue({ except: lanes });
  await spool.hold(['0-b-2']);
  for await (const entry of spool.list({ lane: lanes[0] ?? '' })) expect(entry.lane).toBe(lanes[0]);
  await spool.close();
  await pool.end();
  expect(said.filter((text) => text.includes('due_1')).length).toBeGreaterThan(3);
  expect(said.filter((text) => /secret|contoso|Bob|Alice/i.test(text))).toEqual([]);
});
