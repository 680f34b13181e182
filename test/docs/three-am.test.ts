/**
 * The commands of docs/three-am.md, run on spools in that trouble; the page shows their output. After an intended change, `npx
 * vitest run test/docs/three-am.test.ts -u` updates the page.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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

/** The time of the operator's commands. */
const asked = Date.parse('2026-11-28T03:00:00Z');
const minute = 60_000;
const pickup = 2 * minute;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-3am-'));
  // The clock stands still between two commands, so that the page shows exactly the printed times.
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: asked });
  const step = (before: number, event: string, more: object = {}) =>
    JSON.stringify({ time: new Date(asked - before).toISOString(), level: 'info', event, messageId: 'ticket-4711', ...more });
  const { age } = scenes.dead as Scene;
  const steps = [
    step(age, 'message:spooled'),
    step(age - pickup, 'message:picked-up', { attempt: 1 }),
    step(age - pickup, 'message:dead', { code: 'EWS_ERROR', serverCode: 'ErrorSendAsDenied' }),
  ];
  await writeFile(join(folder, 'trace.ndjson'), `${steps.join('\n')}\n`);
});

afterAll(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

interface Scene {
  /** ms since its messages were accepted. */
  readonly age: number;
  readonly transport?: FakeTransport;
  readonly obstacle?: Pick<ReportedObstacle, 'kind' | 'name' | 'reason'>;
  /** ms since the obstacle was met. */
  readonly blockedFor?: number;
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
  waiting: { age: 50_000 },
  due: { age: 19 * minute + 12_000 },
  blocked: {
    age: 7 * minute + 30_000,
    blockedFor: 41 * minute + 5_000,
    obstacle: {
      kind: 'mailbox-blocked',
      name: 'alice@contoso.com',
      reason: { code: 'AUTHENTICATION_FAILED', text: 'The server refused the login.' },
    },
  },
  unreachable: {
    age: 9 * minute,
    blockedFor: 13 * minute + 26_000,
    obstacle: {
      kind: 'endpoint-unavailable',
      name: 'https://mail.contoso.com/EWS/Exchange.asmx',
      reason: { code: 'ENDPOINT_UNREACHABLE', text: 'Could not connect to the server (ECONNREFUSED).' },
    },
  },
  dead: {
    age: 28 * minute + 16_000,
    transport: refusing('EWS_ERROR', 'Exchange refused the note (ErrorSendAsDenied).', 'rejected'),
    flush: true,
  },
  unknown: {
    age: pickup + 2_000,
    transport: refusing('CONNECTION_LOST', 'The connection was lost after the request had been written.', 'unconfirmed'),
    flush: true,
  },
};

async function spoolOf(name: string): Promise<string> {
  const { age, transport = new FakeTransport(), obstacle, blockedFor = 0, flush = false } = scenes[name] as Scene;
  const path = join(folder, `${name}-${Math.random()}.db`);
  vi.setSystemTime(asked - age);
  const { sender } = aliceSends({ spool: new SqliteSpool({ path }), transport, clock: systemClock as never });
  await sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId: 'ticket-4711' });
  await sender.send({ to: 'sip:carol@contoso.com', text: 'x', messageId: 'ticket-4712' });
  if (flush) {
    // The other one was handled by an operator.
    await sender.hold('ticket-4712');
    vi.setSystemTime(asked - age + pickup);
    await sender.flush();
    await sender.release('ticket-4712');
  }
  await sender.stop();
  vi.setSystemTime(asked);
  if (obstacle === undefined) return path;
  const spool = new SqliteSpool({ path });
  await spool.open({ clock: systemClock, tombstones: 86_400_000 });
  // A blocked mailbox is tried every quarter of an hour.
  const nextTrialAt = asked + 15 * minute - (blockedFor % (15 * minute));
  const report = { ...obstacle, lanes: ['alice@contoso.com'], since: asked - blockedFor, nextTrialAt };
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
    // Questions at a terminal are answered with yes.
    ask: async () => 'y',
  });
  return `${text}${code === 0 ? '' : `(exit code ${code})\n`}`;
}

/** Ids and users differ each time; the page shows fixed ones. */
function settled(text: string): string {
  return text
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
