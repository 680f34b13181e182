import { describe, expect, it } from 'vitest';
import { publicApi } from '../support/public-api.ts';

const entries = publicApi();
const exported = new Set(entries.flatMap(({ names }) => names.map(({ name }) => name)));

/** Interfaces that describe the used part of a third-party API, which has its own documentation. */
const others =
  /^(Pg(Client|Pool|PoolClient)|Idb(Database|Factory|Store|Transaction)|Web(Event|EventTarget|Locks)|XhrApiLike|TestRunner|TokenCredential)\./;

describe('the declarations of the package', () => {
  it.each(entries)(
    'of offline-im/$entry match the report; after an intended change, `npx vitest run test/package/api.test.ts -u` updates it',
    async ({ entry, names }) => {
      const report = names.map(({ text }) => `${text}\n`).join('\n');
      await expect(report).toMatchFileSnapshot(`api/${entry}.txt`);
    },
  );

  it('use no type that cannot be imported', () => {
    const hidden = entries.flatMap(({ entry, names }) =>
      names.flatMap(({ name, uses }) =>
        uses.filter((used) => !exported.has(used)).map((used) => `${entry}: ${name} uses ${used}`),
      ),
    );
    expect(hidden).toEqual([]);
  });

  it('have a docstring for every name', () => {
    const bare = entries.flatMap(({ entry, names }) =>
      names.filter(({ documented }) => !documented).map(({ name }) => `${entry}: ${name}`),
    );
    expect(bare).toEqual([]);
  });

  it('have a docstring for every method', () => {
    const bare = new Set(
      entries.flatMap(({ names }) =>
        names.flatMap(({ name, undocumented }) => undocumented.map((method) => `${name}.${method}`)),
      ),
    );
    expect([...bare].filter((name) => !others.test(name))).toEqual([]);
  });
});
