/**
 * Run as its own process: `transfer-process.ts export|import KIND WHERE FILE STEP`. Kills itself, without a chance to clean up,
 * right after its STEP-th call of the spool; prints `done` and ends with 0 if there are fewer.
 */
import { exportSpool } from '../../src/admin/export.ts';
import { importSpool } from '../../src/admin/import.ts';
import { systemClock } from '../../src/core/clock.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';

const [direction, kind, where = '', file = '', step] = process.argv.slice(2);
const storage = kind === 'file' ? new FileSpool({ root: where }) : new SqliteSpool({ path: where });
let calls = 0;

/** Each of its asynchronous methods counts. */
function counted(target: object, names: readonly string[]): void {
  for (const name of names) {
    const method: unknown = Reflect.get(target, name);
    if (typeof method !== 'function') throw new Error(`There is no ${name}().`);
    Reflect.set(target, name, async (...args: unknown[]) => {
      const result: unknown = await Reflect.apply(method, target, args);
      calls += 1;
      if (calls === Number(step)) process.kill(process.pid, 'SIGKILL');
      return result;
    });
  }
}

await storage.open({ clock: systemClock, tombstones: 86_400_000 });
counted(storage, ['counts', 'append', 'adopt', 'letAdoptedGo', 'holdExported', 'cancel', 'get', 'findMessage']);
if (storage.admin === undefined) throw new Error('It has no admin.');
counted(storage.admin, ['listBy']);
const options = { signal: new AbortController().signal, onProgress: () => undefined };
if (direction === 'export') await exportSpool(storage, file, { ...options, copy: false });
else await importSpool(storage, file, options);
await storage.close();
process.stdout.write(`done ${calls}\n`);
