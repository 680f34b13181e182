/** A process that logs, for tests that kill or starve it: `child.ts <burst|endless|full> <path>`. */
import { traceFile } from '../../../src/observability/trace-file.ts';

const [, , task = '', path = ''] = process.argv;
const trace = traceFile({ path, maxBytes: 1024 ** 3 });

switch (task) {
  case 'burst': {
    // All in one turn of the event loop: nothing can be written meanwhile.
    const before = process.memoryUsage().rss;
    for (let count = 0; count < 1_000_000; count++)
      trace.debug({ step: 'one', count, messageId: 'm', noteId: 'n', state: 'spooled' });
    const grown = process.memoryUsage().rss - before;
    await trace.close();
    console.log(JSON.stringify({ grown }));
    break;
  }
  case 'endless':
    for (let count = 0; ; count++) {
      trace.debug({ step: 'one', count });
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (count !== 2_000) continue;
      await trace.flush();
      console.log('going');
    }
  case 'full':
    for (let count = 0; count < 3_000; count++) {
      trace.debug({ step: 'one', count, filler: 'f'.repeat(50) });
      if (count % 100 === 0) await trace.flush();
    }
    await trace.close();
    console.log('done');
    break;
  default:
    throw new Error(`unknown task ${task}`);
}
