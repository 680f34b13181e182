import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines } from '../../../src/spool/disk/json-lines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-lines-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(path: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of jsonLines(path)) lines.push(line);
  return lines;
}

async function linesOf(content: string): Promise<string[]> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  return read(path);
}

describe('the lines of a file', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a\n', ['a']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb\r\n', ['a', 'b']],
    ['a\n\nb', ['a', '', 'b']],
    ['\ufeffa\nb', ['a', 'b']],
    ['"a\u2028b\u2029c\u0085d\u000b\u000c\rf"\n2', ['"a\u2028b\u2029c\u0085d\u000b\u000c\rf"', '2']],
  ])('%j', async (content, expected) => {
    expect(await linesOf(content)).toEqual(expected);
  });

  it('are whole wherever a read ends, also within a character', async () => {
    const long = '😀é\u2028'.repeat(40_000);
    for (const shift of [0, 1, 2, 3]) {
      const lines = ['x'.repeat(65_533 + shift), long, '', 'last'];
      expect(await linesOf(`${lines.join('\n')}\n`)).toEqual(lines);
    }
  });

  it('reject where the file cannot be read', async () => {
    await expect(read(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(read(folder)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
