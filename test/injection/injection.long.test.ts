import { expect, it } from 'vitest';
import { PostgresServer } from '../support/postgres-server.ts';
import { inject } from './process.ts';

it.each([
  ['memory', 'ews'],
  ['file', 'graph'],
  ['sqlite', 'ntlm'],
  ['sealed', 'dispatcher'],
  ['memory', 'relay'],
] as const)(
  '%s and %s: every place where the code touches the platform, at its first, its last and a middle call',
  async (storage, carrier) => {
    const { tried, complaints } = await inject({ storage, carrier, errands: true, each: 3 });
    expect(complaints).toEqual([]);
    expect(tried).toBeGreaterThan(20);
  },
);

it('postgres and ews, too', async () => {
  const server = await PostgresServer.start();
  try {
    const { tried, complaints } = await inject({
      storage: 'postgres',
      carrier: 'ews',
      postgres: server.connectionString,
      errands: true,
    });
    expect(complaints).toEqual([]);
    expect(tried).toBeGreaterThan(20);
  } finally {
    await server.close();
  }
});
