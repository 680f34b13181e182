import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { aliceSeals, newKey, waitingIn } from './support.ts';

const keys = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };
let root = '';

interface Stored {
  entries: {
    message: { text: string; to: { name: string }[] };
    fixed: Record<string, unknown>;
  }[];
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'offline-im-sealed-'));
  const { sender } = aliceSeals(root, keys);
  for (const name of ['bob', 'carol', 'dan'])
    await sender.send({ to: `${name}@contoso.com`, text: `for ${name}`, messageId: name });
  await sender.stop();
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Changes the files of two entries, and restores them. */
async function change(
  how: (one: Stored['entries'][number], other: Stored['entries'][number]) => void,
): Promise<() => Promise<void>> {
  const paths = (await waitingIn(root)).slice(0, 2).map((path) => join(root, path));
  const contents = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const [one, other] = contents.map((content) => JSON.parse(content) as Stored);
  if (one?.entries[0] === undefined || other?.entries[0] === undefined) throw new Error('two files were expected');
  how(one.entries[0], other.entries[0]);
  await Promise.all([one, other].map((stored, index) => writeFile(paths[index] ?? '', JSON.stringify(stored))));
  return async () => {
    await Promise.all(contents.map((content, index) => writeFile(paths[index] ?? '', content)));
  };
}

async function delivered(): Promise<{ texts: string[]; codes: unknown[]; counts: unknown }> {
  const { sender, transport, eventsOf } = aliceSeals(root, keys);
  await sender.flush();
  const counts = (await sender.stats()).states;
  await sender.stop();
  return {
    texts: transport.delivered.map(({ to, body }) => `${to[0]?.address}: ${body.content}`).sort(),
    codes: eventsOf('warning').map(({ error }) => (error as { code?: unknown }).code),
    counts,
  };
}

function flipped(sealed: string): string {
  const at = sealed.length - 5;
  return `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
}

const everything = ['bob@contoso.com: for bob', 'carol@contoso.com: for carol', 'dan@contoso.com: for dan'];

it.each<[string, Parameters<typeof change>[0], number]>([
  ['an altered text', (one) => Object.assign(one.message, { text: flipped(one.message.text) }), 1],
  ['an altered head', (one) => Object.assign(one.message.to[0] ?? {}, { name: flipped(one.message.to[0]?.name ?? '') }), 1],
  [
    'texts exchanged between entries',
    (one, other) => {
      [one.message.text, other.message.text] = [other.message.text, one.message.text];
    },
    2,
  ],
  [
    'recipients exchanged between entries',
    (one, other) => {
      [one.message.to, other.message.to] = [other.message.to, one.message.to];
    },
    2,
  ],
  ['the text of a head in place of the text', (one) => Object.assign(one.message, { text: one.message.to[0]?.name }), 1],
  ['another conversation', (one) => Object.assign(one.fixed, { conversationId: 'f'.repeat(64) }), 1],
  ['a text in the clear', (one) => Object.assign(one.message, { text: 'send me money' }), 1],
])('%s cannot be opened: nothing of it is sent, and it stays until somebody restores it', async (_what, how, locked) => {
  const putBack = await change(how);
  const tampered = await delivered();
  expect(tampered.texts).toHaveLength(3 - locked);
  expect(everything).toEqual(expect.arrayContaining(tampered.texts));
  expect(tampered.codes).toContain('SPOOL_SEAL_BROKEN');
  expect(tampered.counts).toMatchObject({ spooled: locked, dead: 0, delivered: 3 - locked });
  await putBack();
  expect([...tampered.texts, ...(await delivered()).texts].sort()).toEqual(everything);
});

it('an entry sealed by a later version is named as such, waits, and is delivered by that version', async () => {
  const putBack = await change((one) => {
    one.message.text = one.message.text.replace('sealed1.', 'sealed2.');
  });
  const { texts, codes, counts } = await delivered();
  expect([...new Set(codes)]).toEqual(['SPOOL_VERSION']);
  expect(counts).toMatchObject({ spooled: 1, dead: 0, delivered: 2 });
  await putBack();
  expect([...texts, ...(await delivered()).texts].sort()).toEqual(everything);
});
