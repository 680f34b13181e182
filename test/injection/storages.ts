/** The spools under test: each is re-created at the same place after its owner closed it. */
import { join } from 'node:path';
import type { SpoolStorage } from '../../src/spool/contract.ts';

export type StorageName = 'memory' | 'file' | 'sqlite' | 'postgres' | 'sealed' | 'sharded';

const keys = { keys: [{ id: 'k', key: new Uint8Array(32).fill(7) }], routingKey: new Uint8Array(32).fill(9) };

/** @param postgres The URL of a server, for `postgres`. */
export async function makeStorage(name: StorageName, folder: string, run: number, postgres = ''): Promise<SpoolStorage> {
  switch (name) {
    case 'memory': {
      const { MemorySpool } = await import('../../src/index.ts');
      return new MemorySpool();
    }
    case 'file': {
      const { FileSpool } = await import('../../src/file.ts');
      return new FileSpool({ root: join(folder, 'spool') });
    }
    case 'sqlite': {
      const { SqliteSpool } = await import('../../src/sqlite.ts');
      return new SqliteSpool({ path: join(folder, 'spool.db') });
    }
    case 'postgres': {
      const [{ PostgresSpool }, { default: pg }] = await Promise.all([import('../../src/postgres.ts'), import('pg')]);
      const pool = new pg.Pool({ connectionString: postgres, max: 5 });
      const spool: SpoolStorage = new PostgresSpool({ pool, schema: `run_${run}`, migrate: true }) as never;
      const close = spool.close.bind(spool);
      return Object.assign(spool, {
        close: async (...args: Parameters<typeof close>) => {
          await close(...args).finally(() => pool.end().catch(() => undefined));
        },
      });
    }
    case 'sealed': {
      const [{ sealed }, { FileSpool }] = await Promise.all([import('../../src/index.ts'), import('../../src/file.ts')]);
      return sealed(new FileSpool({ root: join(folder, 'sealed') }), keys);
    }
    case 'sharded': {
      const [{ sharded }, { SqliteSpool }] = await Promise.all([import('../../src/index.ts'), import('../../src/sqlite.ts')]);
      return sharded({
        one: new SqliteSpool({ path: join(folder, 'one.db') }),
        two: new SqliteSpool({ path: join(folder, 'two.db') }),
      });
    }
  }
}
