/**
 * `npm run trip`: which files one `send()` on an open SqliteSpool, and one flush (claim, deliver by EWS, settle), enter on their way, in the order
 * in which a message passes the folders. V8's precise coverage counts; nothing is sampled. Exits with 1 above the limits.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { basicAuth, EwsTransport, OfflineImSender } from '../src/index.ts';
import { SqliteSpool } from '../src/sqlite.ts';

/** Files. Whoever adds one to the way merges it with what it is understood with, or takes another one out. */
const most = { send: 38, flush: 64 };
const src = pathToFileURL(join(import.meta.dirname, '../src/')).href;

interface Entered {
  readonly file: string;
  readonly functions: readonly string[];
}

const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** Files with a named function that ran during the work. */
async function entered(work: () => Promise<unknown>): Promise<readonly Entered[]> {
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  await work();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  return result
    .filter(({ url }) => url.startsWith(src))
    .map(({ url, functions }) => ({
      file: url.slice(src.length),
      functions: functions
        .filter(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0)
        .map(({ functionName }) => functionName),
    }))
    .filter(({ functions }) => functions.length > 0)
    .sort((a, b) => orderOf(a.file) - orderOf(b.file) || a.file.localeCompare(b.file));
}

/** The order of the house: the way of a message through its folders. */
const rooms = ['sender', 'message', 'gating', 'classification', 'spooler', 'spool', 'transport', 'ews', 'observability', 'core'];

function orderOf(file: string): number {
  const room = rooms.indexOf(file.split('/')[0] ?? '');
  return room < 0 ? rooms.length : room;
}

const folder = mkdtempSync(join(tmpdir(), 'offline-im-trip-'));
// In a process of its own, so that nothing of it is counted.
const mailboxes = ['alice@contoso.test', 'bob@contoso.test'];
const exchange = spawn(
  process.execPath,
  [
    '--input-type=module-typescript',
    '--eval',
    `import { startExchangeSimulator } from '${src}testing.ts';
     const { url } = await startExchangeSimulator({ mailboxes: ${JSON.stringify(mailboxes)} });
     console.log(url);`,
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const [told] = (await once(exchange.stdout, 'data')) as [Buffer];
const sender = new OfflineImSender({
  identity: { sip: 'sip:alice@contoso.test', displayName: 'Alice' },
  client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
  spool: new SqliteSpool({ path: join(folder, 'spool.db') }),
  transport: new EwsTransport({
    url: told.toString().trim(),
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'any' }),
  }),
});
try {
  // What is done once, is done: opening, learning what the server takes.
  await sender.send({ to: 'sip:bob@contoso.test', text: 'warm' });
  await sender.flush();
  let tooMany = false;
  for (const [name, limit, work] of [
    ['send', most.send, () => sender.send({ to: 'sip:bob@contoso.test', text: 'hello' })],
    ['flush', most.flush, () => sender.flush()],
  ] as const) {
    const files = await entered(work);
    const functions = files.reduce((sum, file) => sum + file.functions.length, 0);
    console.log(`\n## ${name}: ${files.length} files (at most ${limit}), ${functions} named functions`);
    for (const file of files) console.log(`${file.file}: ${file.functions.join(' ')}`);
    if (files.length > limit) tooMany = true;
  }
  process.exitCode = tooMany ? 1 : 0;
} finally {
  await sender.stop();
  exchange.kill();
  session.disconnect();
  rmSync(folder, { recursive: true, force: true });
}
