import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChangedColumns, type ChangedRow, ForKeys, UsualInsert } from '../../../src/spool/sqlite/stores/statements.ts';

const names = ['a', 'b', 'c'] as const;

/** A table with rows 1 to `rows`. */
function table(rows: number) {
  const database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, ${names.map((name) => `${name} ANY`).join(', ')}) STRICT`);
  const insert = database.prepare("INSERT INTO t VALUES (?, 'a', 'b', NULL)");
  for (let id = 1; id <= rows; id++) insert.run(id);
  return {
    database,
    ids: () =>
      database
        .prepare('SELECT id FROM t')
        .all()
        .map(({ id }) => Number(id)),
  };
}

it.each([0, 1, 3, 4, 31, 32, 33, 36, 70])(
  'a statement for %i keys reaches each of these rows, no other, and says how many it changed',
  (count) => {
    const { database, ids } = table(100);
    const drop = new ForKeys(database, (isKey) => `DELETE FROM t WHERE a = ? AND id ${isKey}`);
    const keys = Array.from({ length: count }, (_, index) => index + 11);
    expect(drop.run([...keys, 1_000], 'b')).toBe(0);
    expect(drop.run([...keys, 1_000, ...keys], 'a')).toBe(count);
    expect(ids()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1).filter((id) => !keys.includes(id)));
  },
);

it('rows get exactly the cells that each has after its change, whichever share a call', () => {
  const cell = fc.constantFrom(null, 'x', 'y', 1, 2);
  const likeMost = fc.tuple(fc.constant('x'), cell, fc.constant(1));
  const cells = fc.oneof(fc.constant(['x', 'y', 1]), { arbitrary: likeMost, weight: 3 }, fc.tuple(cell, cell, cell));
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 80 }), (changed) => {
      const { database } = table(changed.length + 1);
      const before = ['a', 'b', null];
      const rows = changed.map((after, index): ChangedRow => ({ key: index + 1, before, after }));
      new ChangedColumns(database, 't', names, 'id').update(rows);
      const stored = database.prepare('SELECT a, b, c FROM t ORDER BY id').all();
      expect(stored.map((row) => Object.values(row))).toEqual([...changed, before]);
    }),
  );
});

it('rows that differ in one cell each get their own, however many share a call', () => {
  for (const count of [4, 32, 33, 70]) {
    const { database } = table(count + 1);
    const rows = Array.from({ length: count }, (_, index): ChangedRow => {
      const own = index % 7 === 0 ? null : `note-${index}`;
      return { key: index + 1, before: ['a', 'b', null], after: ['x', own, 1] };
    });
    new ChangedColumns(database, 't', names, 'id').update(rows);
    const stored = database.prepare('SELECT a, b, c FROM t ORDER BY id').all();
    expect(stored.map((row) => Object.values(row))).toEqual([...rows.map(({ after }) => after), ['a', 'b', null]]);
  }
});

it('an inserted row has its cells, usual or not', () => {
  const cell = fc.constantFrom(null, 'usual', 'other', 0, 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 20 }), (rows) => {
      const { database } = table(0);
      const insert = new UsualInsert(database, 'INSERT INTO t', names, { a: 'usual', c: null });
      const ids = rows.map((cells) => insert.run(cells));
      const stored = database.prepare('SELECT id, a, b, c FROM t ORDER BY id').all();
      expect(stored.map((row) => Object.values(row))).toEqual(rows.map((cells, index) => [ids[index], ...cells]));
    }),
  );
});
