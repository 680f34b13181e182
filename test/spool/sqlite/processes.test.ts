import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../support/program.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';
import type { ChildLine, ChildOptions } from './child-options.ts';
import { world } from './support.ts';

const script = programOf(new URL('./child.ts', import.meta.url));

interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly ChildLine[];
  until(found: (line: ChildLine) => boolean): Promise<ChildLine>;
  end(): Promise<void>;
}

function start(options: ChildOptions): Child {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines: ChildLine[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as ChildLine);
    for (const wake of waiting) wake();
  });
  const ended = once(child, 'close');
  return {
    process: child,
    lines,
    async until(found) {
      for (;;) {
        const line = lines.find(found);
        if (line !== undefined) return line;
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
    async end() {
      await ended;
    },
  };
}

const entries = (count: number) =>
  Array.from({ length: count }, (_, index) => newEntry(`e${index}`, { pickupIn: 0, conversationId: `c${index}` }));

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('several processes on one file', () => {
  it('never claim the same entry, and leave none', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(entries(300));
    const children = ['a', 'b', 'c'].map((name) => start({ path: at.path, name, lease: 60_000, does: 'drain' }));
    await Promise.all(children.map((child) => child.end()));
    const claims = children.map(({ lines }) => lines.flatMap(({ claimed = [] }) => claimed));
    expect(claims.flat().sort()).toEqual(
      entries(300)
        .map(({ id }) => id)
        .sort(),
    );
    expect(children.flatMap(({ lines }) => lines.filter(({ lost }) => lost !== undefined))).toEqual([]);
    expect(await spool.counts()).toMatchObject({ delivered: 300, spooled: 0, delivering: 0 });
  });

  it('find the notes of a killed process unconfirmed once its lease has expired, not before', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(entries(3));
    const child = start({ path: at.path, name: 'a', lease: 1_500, does: 'hold' });
    const { at: claimedAt = 0 } = await child.until(({ claimed }) => claimed !== undefined);
    child.process.kill('SIGKILL');
    await child.end();
    while ((await spool.counts()).unconfirmed === 0) {
      expect(await spool.claim(claimRequest({ ignorePickup: true }))).toEqual([]);
      await pause(20);
    }
    expect(Date.now() - claimedAt).toBeGreaterThanOrEqual(1_500);
    expect(await statesOf(spool)).toEqual({ e0: 'unconfirmed', e1: 'unconfirmed', e2: 'unconfirmed' });
    const probes = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(probes.map(({ unknownAttempts }) => unknownAttempts.length)).toEqual([1, 1, 1]);
  });

  it('lose nothing to a process suspended beyond its lease', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append(entries(3));
    const child = start({ path: at.path, name: 'a', lease: 300, does: 'hold' });
    await child.until(({ claimed }) => claimed !== undefined);
    child.process.kill('SIGSTOP');
    await pause(500);
    const probes = await spool.claim(claimRequest({ kind: 'probe' }));
    expect(probes).toHaveLength(3);
    child.process.kill('SIGCONT');
    child.process.stdin?.write('settle\n');
    expect(await child.until(({ lost }) => lost !== undefined)).toEqual({ lost: 3, notRenewed: 3 });
    await child.end();
    expect(await spool.counts()).toMatchObject({ unconfirmed: 3, deferred: 0 });
    const { lost } = await spool.settle(probes.map(({ token }) => ({ token, to: 'delivered' })));
    expect(lost).toEqual([]);
  });

  it('keep every resolved append, however often a process is killed', async () => {
    await using at = await world();
    const kept: string[] = [];
    for (let kill = 0; kill < 6; kill++) {
      const child = start({ path: at.path, name: `k${kill}`, lease: 1, does: 'append' });
      await child.until(({ kept: ids = [] }) => ids.length > 0);
      await pause(Math.random() * 60);
      child.process.kill('SIGKILL');
      await child.end();
      kept.push(...child.lines.flatMap(({ kept: ids = [] }) => ids));
    }
    const spool = await at.open();
    const states = await statesOf(spool);
    expect(kept.filter((id) => states[id] !== 'spooled')).toEqual([]);
    expect((await spool.counts()).spooled).toBe(Object.keys(states).length);
    expect(at.raw((database) => database.prepare('PRAGMA integrity_check').get())).toEqual({ integrity_check: 'ok' });
  });

  it('notify each other of appends', async () => {
    await using at = await world();
    const one = await at.open();
    const other = await at.open();
    const woken = new Promise<void>((resolve) => {
      const unwatch = one.watch(() => {
        unwatch();
        resolve();
      });
    });
    await pause(20);
    await other.append(entries(1));
    await woken;
  });
});
