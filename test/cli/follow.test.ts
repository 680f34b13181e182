import { appendFile, mkdtemp, mkdtempDisposable, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { followed, recordsOf } from '../../src/cli/trace-story.ts';

const line = (event: string): string => `${JSON.stringify({ event, text: 'ä' })}\n`;

it('follows a trace from its beginning, across partial lines and rotations', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-follow-'));
  const path = join(folder, 'trace.ndjson');
  await writeFile(path, line('before'));
  const stop = new AbortController();
  const records = followed(path, stop.signal)[Symbol.asyncIterator]();
  const next = async () => (await records.next()).value?.fields.event;
  expect(await next()).toBe('before');
  let waiting = next();
  const bytes = Buffer.from(line('one'));
  await appendFile(path, bytes.subarray(0, bytes.length - 4));
  await appendFile(path, bytes.subarray(bytes.length - 4));
  expect(await waiting).toBe('one');
  waiting = next();
  await rename(path, `${path}.1`);
  // A process that has it open still writes to it under its new name.
  await appendFile(`${path}.1`, line('last of the old'));
  await writeFile(path, line('two') + line('three'));
  expect(await waiting).toBe('last of the old');
  expect(await next()).toBe('two');
  expect(await next()).toBe('three');
  // Truncated, and as long as before or longer by the time of the next poll.
  for (const [event, rest] of [
    ['2wo', 'three'],
    ['cut', 'and longer than before'],
  ] as const) {
    waiting = next();
    await writeFile(path, line(event) + line(rest));
    expect(await waiting).toBe(event);
    expect(await next()).toBe(rest);
  }
  // Truncated to nothing, and polled before anything is added.
  waiting = next();
  await truncate(path);
  await Promise.race([waiting, setTimeout(1_000)]);
  await appendFile(path, line('after nothing'));
  expect(await waiting).toBe('after nothing');
  stop.abort();
  await rm(folder, { recursive: true, force: true });
});

it('reads a record whole that has a line separator of Unicode in a text', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-follow-'));
  const path = join(folder.path, 'trace.ndjson');
  const texts = ['a\u2028b', 'a\u2029b', 'a\u0085b'];
  await writeFile(path, texts.map(line).join(''));
  const events: unknown[] = [];
  for await (const { fields } of recordsOf(path, new AbortController().signal)) events.push(fields.event);
  expect(events).toEqual(texts);
});

it('reads every file rotated between two polls, oldest first', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-follow-'));
  const path = join(folder.path, 'trace.ndjson');
  // Files of an earlier run are not read.
  await writeFile(`${path}.1`, line('of an earlier run'));
  await writeFile(path, line('first'));
  const stop = new AbortController();
  const records = followed(path, stop.signal)[Symbol.asyncIterator]();
  const next = async () => (await records.next()).value?.fields.event;
  expect(await next()).toBe('first');
  for (const event of ['second', 'third', 'fourth']) {
    for (const count of [3, 2, 1]) await rename(`${path}.${count}`, `${path}.${count + 1}`).catch(() => undefined);
    await rename(path, `${path}.1`);
    await writeFile(path, line(event));
  }
  expect([await next(), await next(), await next()]).toEqual(['second', 'third', 'fourth']);
  const waiting = next();
  stop.abort();
  expect(await waiting).toBeUndefined();
});
