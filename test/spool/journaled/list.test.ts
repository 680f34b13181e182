import { expect, it, vi } from 'vitest';
import { DueQueue } from '../../../src/core/queues.ts';
import type { SpoolEntry, SpoolState } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { entriesAmong } from '../../../src/spool/journaled/selection.ts';
import { StateTable } from '../../../src/spool/journaled/state-table.ts';
import { appendMessage } from '../../../src/spool/state/append.ts';
import { ManualClock } from '../../../src/testing.ts';
import { newEntry } from '../../support/spool-entries.ts';

const count = 100;

it('a list of waiting entries visits no finished ones', () => {
  const table = new StateTable();
  const appended = table.begin();
  for (let index = 0; index < count; index++) appendMessage(appended, [newEntry(`m${index}`)], 0);
  table.commit(appended);
  const ended = table.begin();
  for (let index = 0; index < count - 1; index++) {
    const record = ended.entry(`m${index}`);
    if (record !== undefined) ended.move(record, 'delivered', { endedAt: 0 });
  }
  table.commit(ended);
  const last = table.entry(`m${count - 1}`);
  const among = (state: SpoolState | undefined) => [...entriesAmong(table, state)].filter((one) => one !== undefined);
  expect(among('spooled')).toEqual([last]);
  expect([...among('deferred'), ...among('delivering')]).toEqual([last, last]);
  // An expired entry that may have been sent no longer has a place in its stream.
  for (const state of ['unconfirmed', 'held', 'dead', 'delivered', 'cancelled', undefined] as const) {
    expect(among(state)).toHaveLength(count);
  }
});

async function entriesOf(list: AsyncIterable<SpoolEntry>): Promise<readonly SpoolEntry[]> {
  const entries: SpoolEntry[] = [];
  for await (const entry of list) entries.push(entry);
  return entries;
}

async function spoolOf(entries: number) {
  const spool = new MemorySpool();
  await spool.open({ clock: new ManualClock(), tombstones: 3_600_000 });
  const ids = Array.from({ length: entries }, (_, index) => `e${index}`);
  await spool.append(ids.map((id) => newEntry(id, { conversationId: id })));
  return spool;
}

/** How often the event loop turns meanwhile. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let handle = setImmediate(function turn() {
    turns += 1;
    handle = setImmediate(turn);
  });
  await work();
  clearImmediate(handle);
  return turns;
}

it.each([
  ['list({ state: held })', (spool: MemorySpool) => entriesOf(spool.list({ state: 'held' }))],
  ['list() of a mailbox without entries', (spool: MemorySpool) => entriesOf(spool.list({ lane: 'bob@contoso.com' }))],
  ['a list of operators', (spool: MemorySpool) => spool.admin?.listBy({ code: 'EXPIRED' })],
  ['sums by mailbox', (spool: MemorySpool) => spool.admin?.lanes()],
])('%s lets the event loop turn, however many entries it skips', async (_, ask) => {
  const [few, many] = [await spoolOf(10), await spoolOf(10_000)];
  expect(await turnsDuring(async () => ask(many))).toBeGreaterThan(5 + (await turnsDuring(async () => ask(few))));
});

it('waiting entries are listed in order of acceptance, however busy a conversation is', async () => {
  const spool = new MemorySpool();
  const clock = new ManualClock();
  await spool.open({ clock, tombstones: 3_600_000 });
  for (const id of ['busy-1', 'quiet', 'busy-2', 'other', 'busy-3']) {
    await spool.append([newEntry(id, { conversationId: id.split('-')[0] ?? id })]);
    await clock.advance(1_000);
  }
  await spool.cancel(['busy-1']);
  const listed = await entriesOf(spool.list({ state: 'spooled' }));
  expect(listed.map(({ id }) => id)).toEqual(['quiet', 'busy-2', 'other', 'busy-3']);
});

it('among many conversations, first entries out of order, as after a release, are listed in order of acceptance', async () => {
  const spool = new MemorySpool();
  const clock = new ManualClock();
  await spool.open({ clock, tombstones: 3_600_000 });
  const ids = Array.from({ length: 1_500 }, (_, index) => `e${index}`);
  for (const [index, id] of ids.entries()) {
    await spool.append([newEntry(id, { conversationId: index % 3 === 0 ? `own-${id}` : `shared-${index % 100}` })]);
    await clock.advance(1);
  }
  const held = ids.filter((_, index) => index % 7 === 0);
  await spool.hold(held);
  await spool.release(held);
  const listed = await entriesOf(spool.list({ state: 'spooled' }));
  expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(ids));
  // A released entry waits at the end of its conversation, behind those accepted later.
  const alone = listed.map(({ id }) => id).filter((id) => Number(id.slice(1)) % 3 === 0);
  expect(alone).toEqual(ids.filter((_, index) => index % 3 === 0));
});

it('the first entry of a list is cheap, however many conversations there are', async () => {
  const spool = await spoolOf(1_000);
  const queued = vi.spyOn(DueQueue.prototype, 'set');
  for await (const { id } of spool.list({ state: 'spooled' })) {
    expect(id).toBe('e0');
    break;
  }
  expect(queued).not.toHaveBeenCalled();
  queued.mockRestore();
});
