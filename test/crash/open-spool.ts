import type { SpoolStorage } from '../../src/spool/contract.ts';
import type { SpoolChoice } from './worker-options.ts';

/** Opens the spool of a worker; each kind is loaded only if used. */
export async function makeSpool(choice: SpoolChoice): Promise<SpoolStorage> {
  switch (choice.kind) {
    case 'file': {
      const { FileSpool } = await import('../../src/spool/file/file-spool.ts');
      return new FileSpool({ root: choice.path });
    }
    case 'sqlite': {
      const { SqliteSpool } = await import('../../src/sqlite.ts');
      return new SqliteSpool({ path: choice.path });
    }
    case 'postgres': {
      const [{ PostgresSpool }, { Pool }] = await Promise.all([import('../../src/postgres.ts'), import('pg')]);
      return new PostgresSpool({ pool: new Pool({ connectionString: choice.connectionString }), migrate: true });
    }
  }
}
