import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { traceFile } from '../../../src/observability/trace-file.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { linesOf, temporaryFolder } from './support.ts';

const clock = new ManualClock(Date.UTC(2016, 5, 14, 12));

function consoleWarnings(): readonly unknown[][] {
  const spy = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onTestFinished(() => spy.mockRestore());
  return spy.mock.calls;
}

describe('a record', () => {
  it('is one line of JSON, with time, level, step and fields', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    await using trace = traceFile({ path, clock });
    trace.info({ step: 'message:spooled', messageId: 'm1', pickupAt: new Date(Date.UTC(2016, 5, 14, 12, 2)) });
    trace.warn({ step: 'warning' }, 'in words');
    await trace.flush();
    expect(await linesOf(path)).toEqual([
      {
        time: '2016-06-14T12:00:00.000Z',
        level: 'info',
        step: 'message:spooled',
        messageId: 'm1',
        pickupAt: '2016-06-14T12:02:00.000Z',
      },
      { time: '2016-06-14T12:00:00.000Z', level: 'warn', step: 'warning', message: 'in words' },
    ]);
  });

  it('below the level is omitted', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    const trace = traceFile({ path, level: 'warn' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) trace[level]({ step: level });
    await trace.close();
    expect((await linesOf(path)).map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  it('stays on one line, whatever its fields are', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    const trace = traceFile({ path });
    const circular: Record<string, unknown> = { step: 'circular' };
    circular.self = circular;
    const throwing = {
      step: 'throwing',
      get field(): never {
        throw new Error('a getter of the host');
      },
    };
    trace.debug(circular);
    trace.debug(throwing);
    trace.debug({ step: 'long', field: 'x'.repeat(100_000) });
    trace.debug({ step: 'odd', big: 12n, lines: 'a\nb\r\u2028c', time: 'mine', level: 'mine' });
    trace.debug({ step: 'errors', ours: new OfflineImError('EXPIRED', 'our words'), theirs: new TypeError('secret words') });
    trace.debug('only words' as unknown as Record<string, unknown>);
    await trace.close();
    const lines = await linesOf(path);
    expect(lines.map(({ step, unwritable }) => [step, unwritable])).toEqual([
      ['circular', 'not JSON'],
      ['throwing', 'not JSON'],
      ['long', 'too long'],
      ['odd', undefined],
      ['errors', undefined],
      [undefined, undefined],
    ]);
    expect(lines[3]).toMatchObject({ big: '12', lines: 'a\nb\r\u2028c', level: 'debug' });
    expect(lines[4]).toMatchObject({
      ours: { name: 'OfflineImError', code: 'EXPIRED', message: 'our words' },
      theirs: { name: 'TypeError' },
    });
    expect(JSON.stringify(lines)).not.toContain('secret');
    expect(lines[5]).toMatchObject({ message: 'only words' });
  });

  it.skipIf(process.platform === 'win32')('is readable by the owner only', async () => {
    const folder = join(temporaryFolder(), 'made', 'on', 'the way');
    const trace = traceFile({ path: join(folder, 'trace.ndjson') });
    trace.info({ step: 'one' });
    await trace.close();
    expect((await stat(join(folder, 'trace.ndjson'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });
});

describe('rotation', () => {
  it('starts a new file when one is full, and keeps the configured number', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'trace.ndjson');
    const trace = traceFile({ path, clock, maxBytes: 1_024, maxFiles: 3 });
    for (let count = 0; count < 60; count++) {
      trace.info({ step: 'one', count, filler: 'f'.repeat(60) });
      if (count % 7 === 0) await trace.flush();
    }
    await trace.close();
    expect((await readdir(folder)).sort()).toEqual(['trace.ndjson', 'trace.ndjson.1', 'trace.ndjson.2']);
    const files = await Promise.all([`${path}.2`, `${path}.1`, path].map(linesOf));
    const counts = files.flat().map(({ count }) => count as number);
    // The newest, without a gap, in order.
    expect(counts).toEqual(counts.map((_, index) => 60 - counts.length + index));
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(1_024);
  });

  it('puts a record larger than a file into its own file', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'trace.ndjson');
    const trace = traceFile({ path, maxBytes: 1_024, maxFiles: 10 });
    for (const size of [10, 5_000, 10]) trace.info({ step: 'one', filler: 'f'.repeat(size) });
    await trace.close();
    expect((await readdir(folder)).length).toBe(3);
    expect(await linesOf(`${path}.1`)).toHaveLength(1);
  });

  it('keeps one file if limited to one, and removes those of a run with a higher limit', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'trace.ndjson');
    for (const count of [1, 2, 3]) await writeFile(`${path}.${count}`, '{}\n');
    const trace = traceFile({ path, maxBytes: 1_024, maxFiles: 1 });
    for (let count = 0; count < 20; count++) trace.info({ step: 'one', count, filler: 'f'.repeat(100) });
    await trace.close();
    expect(await readdir(folder)).toEqual(['trace.ndjson']);
    expect((await linesOf(path)).at(-1)).toMatchObject({ count: 19 });
  });
});

describe('reopening', () => {
  it('appends', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    for (const run of [1, 2]) {
      const trace = traceFile({ path });
      trace.info({ step: 'one', run });
      await trace.close();
    }
    expect((await linesOf(path)).map(({ run }) => run)).toEqual([1, 2]);
  });

  it('starts a new line after one torn by a crash', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    await writeFile(path, '{"whole":1}\n{"torn":');
    const trace = traceFile({ path });
    trace.info({ step: 'one' });
    await trace.flush();
    await appendFile(path, '{"torn by someone else":');
    trace.info({ step: 'two' });
    await trace.close();
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.map((line) => line.slice(0, 8))).toEqual(['{"whole"', '{"torn":', '{"time":', '{"torn b', '{"time":', '']);
  });

  it('continues if the file was deleted or emptied meanwhile', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    const trace = traceFile({ path });
    for (const spoil of [() => rm(path), () => truncate(path), () => undefined]) {
      trace.info({ step: 'one' });
      await trace.flush();
      await spoil();
    }
    await trace.close();
    expect(await linesOf(path)).toHaveLength(1);
  });

  it('ignores what is logged after close', async () => {
    const path = join(temporaryFolder(), 'trace.ndjson');
    const trace = traceFile({ path });
    trace.info({ step: 'one' });
    await Promise.all([trace.close(), trace.close()]);
    trace.info({ step: 'two' });
    await trace.flush();
    expect(await linesOf(path)).toHaveLength(1);
  });
});

describe('an unwritable path', () => {
  it('throws nothing, warns once, and loses nothing that fits in the queue', async () => {
    const warnings = consoleWarnings();
    const folder = temporaryFolder();
    await writeFile(join(folder, 'in the way'), '');
    const path = join(folder, 'in the way', 'trace.ndjson');
    const trace = traceFile({ path });
    for (let count = 0; count < 10; count++) {
      trace.info({ step: 'one', count });
      await trace.flush();
    }
    expect(warnings).toHaveLength(1);
    expect(String(warnings[0]?.[0])).toContain("can't be written (");
    await rm(join(folder, 'in the way'));
    await mkdir(join(folder, 'in the way'));
    await trace.close();
    expect((await linesOf(path)).map(({ count }) => count)).toEqual([...Array(10).keys()]);
  });

  it('drops what exceeds the queue, and reports how much', async () => {
    consoleWarnings();
    const folder = temporaryFolder();
    const path = join(folder, 'trace.ndjson');
    await mkdir(path);
    const trace = traceFile({ path, maxQueueBytes: 2_000 });
    for (let count = 0; count < 1_000; count++) trace.info({ step: 'one', count });
    await trace.flush();
    await rm(path, { recursive: true });
    await trace.flush();
    const lines = await linesOf(path);
    const dropped = lines.at(-1) as { step: string; dropped: number };
    expect(dropped.step).toBe('trace:dropped');
    expect(dropped.dropped + lines.length - 1).toBe(1_000);
    expect(lines.length).toBeLessThan(40);
    await trace.close();
  });

  it('is given up at close', async () => {
    const warnings = consoleWarnings();
    const path = join(temporaryFolder(), 'trace.ndjson');
    await mkdir(path);
    const trace = traceFile({ path });
    trace.info({ step: 'one' });
    await trace.close();
    await trace.close();
    expect(warnings).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')('may be something other than a file', async () => {
    const warnings = consoleWarnings();
    const trace = traceFile({ path: '/dev/full' });
    trace.info({ step: 'one' });
    await trace.close();
    expect(warnings).toHaveLength(1);
  });
});

describe('options', () => {
  it.each([
    [{ path: '' }],
    [{ path: 'a\0b' }],
    [{ path: 12 }],
    [{ path: 'a', maxBytes: 10 }],
    [{ path: 'a', maxFiles: 0 }],
    [{ path: 'a', maxFiles: 1.5 }],
    [{ path: 'a', maxQueueBytes: Number.NaN }],
    [{ path: 'a', level: 'trace' }],
  ])('%j is refused', (options) => {
    expect(() => traceFile(options as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
