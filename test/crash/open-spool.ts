import type { SpoolStorage } from '../../src/spooler/storage.ts';
import type { SpoolChoice } from './worker-options.ts';

/** Opens what a worker was told to use; each kind is loaded only when it is asked for. */
export async function makeSpool(choice: SpoolChoice): Promise<SpoolStorage> {
  switch (choice.kind) {
    case 'file': {
      const { FileSpool } = await import('../../src/spooler/file/index.ts');
      return new FileSpool({ root: choice.path });
    }
    case 'sqlite': {
      const { SqliteSpool } = await import('../../src/sqlite.ts');
      return new SqliteSpool({ path: choice.path });
    }
    case 'postgres':
      throw new Error('PostgresSpool is not here yet.');
  }
}
