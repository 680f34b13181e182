import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { schemaAvailable } from '../support/ews-schema.ts';
import { type SimulatorClient, spawnSimulator } from '../support/simulator-client.ts';
import { numbersIn, type WorkerOptions } from './worker-options.ts';

const kills = Number(process.env.OFFLINE_IM_CRASH_KILLS ?? 22);
const messages = Number(process.env.OFFLINE_IM_CRASH_MESSAGES ?? 2_000);
const seed = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 31));
const recipients = Array.from({ length: 12 }, (_, index) => (index < 9 ? `r${index}@contoso.test` : `r${index}@fabrikam.test`));
const script = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** A small generator of numbers from 0 to 1 (mulberry32), so that a seed repeats the moments of the kills. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs a worker, until `killAfter` ms after it is ready, or until it is done. */
async function run(options: WorkerOptions, accepted: Set<number>, killAfter?: number): Promise<'killed' | 'done'> {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let timer: NodeJS.Timeout | undefined;
  let done = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready' && killAfter !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfter);
    if (line === 'done') done = true;
    const [word, number] = line.split(' ');
    if (word === 'accepted') accepted.add(Number(number));
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`The worker ended with ${code ?? signal}.`);
  return done && signal === null ? 'done' : 'killed';
}

/** All numbers in the inboxes, by recipient, in the order of arrival. */
async function arrived(exchange: SimulatorClient): Promise<number[][]> {
  const { mailboxes } = await exchange.snapshot();
  return recipients.map((recipient) => (mailboxes[recipient]?.inbox ?? []).flatMap(({ body }) => numbersIn(body)));
}

describe('a sending process that is killed again and again', () => {
  it(`loses nothing, sends nothing twice, keeps the order and leaves no draft: ${kills} kills, ${messages} messages, seed ${seed}`, {
    timeout: 120_000,
  }, async () => {
    const random = randomFrom(seed);
    const root = await mkdtemp(join(tmpdir(), 'offline-im-crash-'));
    const exchange = await spawnSimulator({ mailboxes: ['alice@contoso.test', ...recipients], checked: true });
    await exchange.loseResponses(0.15, seed);
    const accepted = new Set<number>();
    const missing = (below: number): number[] =>
      Array.from({ length: below }, (_, number) => number).filter((number) => !accepted.has(number));
    try {
      for (let kill = 1; kill <= kills; kill++) {
        const numbers = missing(Math.ceil((messages * kill) / kills));
        const end = await run({ root, url: exchange.url, recipients, numbers, stays: true }, accepted, 10 + random() * 500);
        expect(end).toBe('killed');
      }
      const last = { root, url: exchange.url, recipients, numbers: missing(messages), stays: false };
      expect(await run(last, accepted)).toBe('done');

      const inboxes = await arrived(exchange);
      const all = inboxes.flat();
      const lost = Array.from({ length: messages }, (_, number) => number).filter((number) => !all.includes(number));
      const twice = all.filter((number, index) => all.indexOf(number) !== index);
      const outOfOrder = inboxes.filter((numbers) => numbers.some((number, index) => number < (numbers[index - 1] ?? -1)));
      const drafts = await exchange.items('alice@contoso.test', 'drafts');
      expect({ accepted: accepted.size, lost, twice, outOfOrder, drafts: drafts.length }).toEqual({
        accepted: messages,
        lost: [],
        twice: [],
        outOfOrder: [],
        drafts: 0,
      });
      const { bodies, errors } = await exchange.schemaErrors();
      expect(errors).toEqual([]);
      expect(bodies > 0).toBe(schemaAvailable);
    } finally {
      await exchange.close();
      await rm(root, { recursive: true, force: true });
    }
  });
});
