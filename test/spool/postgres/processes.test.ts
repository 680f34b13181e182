import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../support/program.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import type { ClaimerOptions } from './claimer.ts';
import { until, useServer } from './fixture.ts';

const fixture = useServer({ own: true });
const script = programOf(new URL('./claimer.ts', import.meta.url));

function spawnClaimer(options: Omit<ClaimerOptions, 'address'>) {
  const argument = JSON.stringify({ ...options, address: fixture.server.address });
  const child = spawn(process.execPath, [script, argument], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines, closed: once(child, 'close') };
}

const numberOf = (id: string): number => Number(id.split('-')[1]);

describe('several processes on one spool', () => {
  it('never claim the same note, and keep the order of every conversation while others append', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    const conversations = 25;
    const entry = (index: number) =>
      newEntry(`m-${String(index).padStart(4, '0')}`, {
        pickupIn: 0,
        conversationId: `c${index % conversations}`,
        lane: `l${index % 5}@contoso.com`,
      });
    await spool.append(Array.from({ length: 200 }, (_, index) => entry(index)));
    const claimers = Array.from({ length: 3 }, () => spawnClaimer({ schema, drains: true, lease: 30_000 }));
    for (let index = 200; index < 400; index += 10) {
      await spool.append(Array.from({ length: 10 }, (_, offset) => entry(index + offset)));
    }
    await Promise.all(claimers.map(({ closed }) => closed));
    // Messages that arrived when all had just ended.
    const rest = (await spool.claim(claimRequest())).map(({ entries }) => `claimed ${entries.map(({ id }) => id).join(' ')}`);
    const notes = [...claimers.flatMap(({ lines }) => lines), ...rest].map((line) => line.split(' ').slice(1));
    const ids = notes.flat();
    expect(ids).toHaveLength(400);
    expect(new Set(ids).size).toBe(400);
    for (const note of notes) {
      const numbers = note.map(numberOf);
      expect(new Set(numbers.map((number) => number % conversations)).size).toBe(1);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    await spool.close();
  });

  it('take over the claims of a killed process as unconfirmed once their lease has expired', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([newEntry('m', { pickupIn: 0 })]);
    const { child, lines, closed } = spawnClaimer({ schema, drains: false, lease: 700 });
    await until(() => lines.length > 0);
    child.kill('SIGKILL');
    await closed;
    expect((await spool.get('m'))?.state).toBe('delivering');
    expect(await spool.claim(claimRequest())).toEqual([]);
    await until(async () => (await spool.get('m'))?.state === 'unconfirmed');
    const [probe] = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(probe?.entries.map(({ id }) => id)).toEqual(['m']);
    await spool.close();
  });

  it('settle nothing on the claims of a process suspended beyond its lease', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append(['a', 'b'].map((id) => newEntry(id, { pickupIn: 0, conversationId: id })));
    const { child, lines, closed } = spawnClaimer({ schema, drains: false, lease: 700 });
    await until(() => lines.length === 2);
    child.kill('SIGSTOP');
    await until(async () => (await spool.get('a'))?.state === 'unconfirmed');
    const [probe] = await spool.claim(claimRequest({ kind: 'probe', limit: 1 }));
    const before = [await spool.get('a'), await spool.get('b')];
    child.kill('SIGCONT');
    child.stdin.write('\n');
    await closed;
    expect(lines.at(-1)).toBe('lost 2');
    expect([await spool.get('a'), await spool.get('b')]).toEqual(before);
    const { lost } = await spool.settle([{ token: probe?.token ?? '', to: 'delivered' }]);
    expect(lost).toEqual([]);
    await spool.close();
  });

  it('do not wait for a process suspended in the middle of a transaction', async () => {
    const schema = fixture.newSchema();
    const spool = await fixture.open(schema);
    await spool.append([
      newEntry('a', { pickupIn: 0, conversationId: 'a' }),
      newEntry('b', { pickupIn: 0, conversationId: 'b' }),
    ]);
    const client = await fixture.pool.connect();
    await client.query('BEGIN');
    await client.query(
      `SELECT 1 FROM "${schema}".streams WHERE key = (SELECT stream FROM "${schema}".entries WHERE id = 'a') FOR UPDATE`,
    );
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['b']);
    await client.query('ROLLBACK');
    client.release();
    expect((await spool.claim(claimRequest())).flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['a']);
    await spool.close();
  });
});
