import { expect, it, onTestFinished, vi } from 'vitest';
import { Loaded } from '../../../src/spool/postgres/tables/loaded.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { useServer } from './fixture.ts';

const fixture = useServer();

it.each([['spooled'], [undefined], ['held']] as const)('a list of %s that ends early has read few texts', async (state) => {
  const spool = await fixture.open(fixture.newSchema());
  const ids = Array.from({ length: 600 }, (_, index) => `e${String(index).padStart(3, '0')}`);
  await spool.append(ids.map((id) => newEntry(id, { conversationId: id })));
  if (state === 'held') await spool.hold(ids);
  const query = state === undefined ? {} : { state };
  const read = vi.spyOn(Loaded.prototype, 'message');
  onTestFinished(() => read.mockRestore());
  for await (const { id } of spool.list(query)) if (id === ids[0]) break;
  expect(read).toHaveBeenCalledTimes(1);
  const listed: string[] = [];
  for await (const { id } of spool.list(query)) listed.push(id);
  expect(listed).toEqual(ids);
  await spool.close();
});
