import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { sealed } from '../../src/spool/sealed/sealed-spool.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const message = { to: ['bob@contoso.com', 'carol@fabrikam.com'], text: 'hello', messageId: 'm' };

it('keeps the trace context of a send with each entry, or none if none is given', async () => {
  const { sender } = aliceSends();
  await sender.send(message, { traceparent });
  await sender.send({ ...message, messageId: 'untraced' });
  const kept: unknown[] = [];
  for await (const entry of sender.list()) kept.push([entry.messageId, entry.message?.traceparent]);
  expect(kept).toEqual([
    ['m', traceparent],
    ['m', traceparent],
    ['untraced', undefined],
    ['untraced', undefined],
  ]);
  await sender.stop();
});

it('treats the same message with another trace context, or none, as a repetition', async () => {
  const { sender } = aliceSends();
  const first = await sender.send(message, { traceparent });
  for (const again of [{ traceparent: traceparent.replace('4bf9', 'ffff') }, {}]) {
    expect(await sender.send(message, again)).toEqual({ ...first, duplicate: true });
  }
  await sender.stop();
});

it('applies the trace context of sendMany() to all its messages', async () => {
  const { sender } = aliceSends();
  await sender.sendMany([message, { ...message, messageId: 'n' }], { traceparent });
  for await (const entry of sender.list()) expect(entry.message?.traceparent).toBe(traceparent);
  await sender.stop();
});

it('refuses an invalid trace context, and keeps nothing of the message', async () => {
  const { sender } = aliceSends();
  for (const wrong of [
    '',
    'x',
    traceparent.toUpperCase(),
    7 as never,
    traceparent.replace(/-4b.*-/, `-${'0'.repeat(32)}-00f067aa0ba902b7-`),
  ]) {
    await expect(sender.send(message, { traceparent: wrong })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      details: { option: 'traceparent' },
    });
  }
  expect((await sender.stats()).states.spooled).toBe(0);
  await sender.stop();
});

it('never passes the trace context to the transport, nor lets it change the note', async () => {
  const notes = await Promise.all(
    [{ traceparent }, {}].map(async (options) => {
      const { sender, transport } = aliceSends({ spool: new MemorySpool() });
      await sender.send({ ...message, to: 'bob@contoso.com' }, options);
      await sender.flush();
      await sender.stop();
      const [note] = transport.delivered;
      return { ...note, id: '', tag: '', entryIds: [] };
    }),
  );
  expect(notes[0]).toEqual(notes[1]);
  expect(JSON.stringify(notes)).not.toContain('4bf92f');
});

it('seals and opens the trace context with the message in a sealed spool', async () => {
  const root = join(tmpdir(), `offline-im-traceparent-${crypto.randomUUID()}`);
  const keys = { keys: [{ id: 'k', key: crypto.getRandomValues(new Uint8Array(32)) }], routingKey: new Uint8Array(32).fill(7) };
  const { sender } = aliceSends({ spool: sealed(new FileSpool({ root }), keys) });
  try {
    await sender.send(message, { traceparent });
    const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    const contents = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'latin1')));
    expect(contents.some((content) => content.includes('sealed1.'))).toBe(true);
    for (const content of contents) expect(content).not.toMatch(/traceparent|4bf92f35|00f067aa/);
    for await (const entry of sender.list()) expect(entry.message?.traceparent).toBe(traceparent);
  } finally {
    await sender.stop();
    await rm(root, { recursive: true, force: true });
  }
});
