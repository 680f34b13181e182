/**
 * The commands of docs/three-am.md, run on spools that are in that trouble; what they print is what the page shows. Changed on purpose:
 * `npx vitest run test/docs/three-am.test.ts -u` writes the page anew.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ErrorCode } from '../../src/core/errors/codes.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { ReportedObstacle } from '../../src/spool/admin/contract.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { FakeTransport } from '../support/fake-transport.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const page = join(import.meta.dirname, '../../docs/three-am.md');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-3am-'));
  const step = (time: string, event: string) =>
    JSON.stringify({ time: `2026-11-28T${time}.000Z`, level: 'info', event, messageId: 'ticket-4711' });
  await writeFile(
    join(folder, 'trace.ndjson'),
    `${step('03:00:00', 'message:spooled')}\n${step('03:02:00', 'message:delivered')}\n`,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Scene {
  readonly pickupDelay?: number;
  readonly transport?: FakeTransport;
  readonly obstacle?: Pick<ReportedObstacle, 'kind' | 'name' | 'reason'>;
  /** Attempts right away. */
  readonly flush?: boolean;
}

const refusing = (code: ErrorCode, text: string, status: 'rejected' | 'unconfirmed'): FakeTransport => {
  const transport = new FakeTransport();
  const error = new OfflineImError(code, text);
  transport.answer = () =>
    (status === 'rejected'
      ? { status, scope: 'note', splittable: false, draft: 'none', error }
      : { status, ended: 'silence', scope: 'note', error }) as never;
  transport.answerProbe = () => ({ status: 'unknown', error });
  return transport;
};

/** By the name in the page: `<!-- blocked -->` before a block of commands. */
const scenes: Readonly<Record<string, Scene>> = {
  waiting: {},
  due: { pickupDelay: 0 },
  blocked: {
    obstacle: {
      kind: 'mailbox-blocked',
      name: 'alice@contoso.com',
      reason: { code: 'AUTHENTICATION_FAILED', text: 'The server refused the login.' },
    },
  },
  unreachable: {
    obstacle: {
      kind: 'endpoint-unavailable',
      name: 'https://mail.contoso.com/EWS/Exchange.asmx',
      reason: { code: 'ENDPOINT_UNREACHABLE', text: 'No connection could be made (ECONNREFUSED).' },
    },
  },
  dead: { transport: refusing('EWS_ERROR', 'Exchange refused the note (ErrorSendAsDenied).', 'rejected'), flush: true },
  unknown: {
    transport: refusing('CONNECTION_LOST', 'The connection broke after the request had been written.', 'unconfirmed'),
    flush: true,
  },
};

async function spoolOf(name: string): Promise<string> {
  const { pickupDelay = 120_000, transport = new FakeTransport(), obstacle, flush = false } = scenes[name] as Scene;
  const path = join(folder, `${name}-${Math.random()}.db`);
  const { sender } = aliceSends({ spool: new SqliteSpool({ path }), transport, clock: systemClock as never, pickupDelay });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'ticket-4711' });
  if (flush) await sender.flush();
  await sender.send({ to: 'sip:carol@contoso.com', text: 'x', messageId: 'ticket-4712' });
  await sender.stop();
  if (obstacle === undefined) return path;
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  const now = Date.now();
  const report = { ...obstacle, lanes: ['alice@contoso.com'], since: now - 600_000, nextTrialAt: now + 300_000 };
  await spool.admin.report({ owner: 'bot', pollInterval: 3_600_000, obstacles: [report] });
  await spool.close();
  return path;
}

/** A command line of the page; quotes are single ones. */
async function printed(line: string, spool: string): Promise<string> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  const args = words.slice(1).map((word) => word.replace('/var/log/my-bot/', `${folder}/`));
  let text = '';
  const stream = { write: (chunk: string) => (text += chunk) };
  const code = await run(args, {
    streams: { out: stream, err: stream, terminal: true, colours: false },
    version: '0',
    env: { OFFLINE_IM_SPOOL: spool },
    cwd: folder,
    signal: new AbortController().signal,
    input: async () => '',
    // Whoever is asked at a terminal says yes.
    ask: async () => 'y',
  });
  return `${text}${code === 0 ? '' : `(exit code ${code})\n`}`;
}

/** Times and ids differ each time; the page shows some. */
function settled(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z/g, (_, ms) => `2026-11-28T03:00:00${ms === undefined ? '' : '.000'}Z`)
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '0193718f-25a0-7c31-9d2e-5f1c0a6b7e84')
    .replace(/ by \S+ \(/g, ' by carol (')
    .replace(/ by \S+ since/g, ' by carol since')
    .replace(/ +$/gm, '');
}

it('the page shows what its commands print', async () => {
  const text = await readFile(page, 'utf8');
  const blocks = [...text.matchAll(/<!-- (\w+) -->\n```\n([^`]*)```/g)];
  expect(new Set(blocks.map(([, name]) => name))).toEqual(new Set(Object.keys(scenes)));
  let made = text;
  for (const [block, name = '', body = ''] of blocks) {
    const spool = await spoolOf(name);
    let output = '';
    for (const line of body.split('\n').filter((one) => one.startsWith('$ '))) {
      output += `${line}\n${settled(await printed(line.slice(2), spool))}`;
    }
    made = made.replace(block, () => `<!-- ${name} -->\n\`\`\`\n${output}\`\`\``);
  }
  expect([...text.matchAll(/^## \d+\. /gm)]).toHaveLength(10);
  await expect(made).toMatchFileSnapshot(page);
});
