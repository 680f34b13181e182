import { expect, it, onTestFinished, vi } from 'vitest';
import { EntryStore } from '../../../src/spool/sqlite/stores/entries.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

it.each([{ state: 'spooled' }, {}] as const)('a list of %j that ends early has read few texts', async (query) => {
  await using files = await world();
  const spool = await files.open();
  const ids = Array.from({ length: 500 }, (_, index) => `e${index}`);
  await spool.append(ids.map((id) => newEntry(id, { conversationId: id })));
  const read = vi.spyOn(EntryStore.prototype, 'message');
  onTestFinished(() => read.mockRestore());
  for await (const { id } of spool.list(query)) if (id === 'e0') break;
  expect(read).toHaveBeenCalledTimes(1);
  const listed: string[] = [];
  for await (const { id } of spool.list(query)) listed.push(id);
  expect(listed).toEqual(ids);
});
