/** Claimed notes stay in memory while others write to the file: their changes count all the same. */
import { expect, it } from 'vitest';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { world } from './support.ts';

async function scene() {
  const at = await world();
  const [one, other] = [await at.open(), await at.open()];
  await one.append(['a', 'b'].map((id) => newEntry(id, { pickupIn: 0, conversationId: id })));
  const notes = await one.claim(claimRequest({ limit: 2, perLane: 2 }));
  expect(notes.map(({ entries }) => entries[0]?.id)).toEqual(['a', 'b']);
  const tokens = notes.map(({ token }) => token);
  const state = async (id: string) => (await other.get(id))?.state;
  return { at, one, other, tokens, state, [Symbol.asyncDispose]: () => at[Symbol.asyncDispose]() };
}

const unclaim = (token: string) => ({ token, to: 'unclaim' }) as const;

it('a claimed note is cancelled by another process and not sent again; the other note goes on', async () => {
  await using world = await scene();
  const { one, other, tokens, state } = world;
  await other.cancel(['a']);
  await one.settle(tokens.map(unclaim));
  expect([await state('a'), await state('b')]).toEqual(['cancelled', 'spooled']);
});

it('a claimed note can be settled whatever another process has written meanwhile, again and again', async () => {
  await using world = await scene();
  const { one, other, tokens, state } = world;
  for (const id of ['c', 'd']) await other.append([newEntry(id, { conversationId: id })]);
  expect(await one.renew(tokens, 60_000)).toEqual([]);
  await other.append([newEntry('e', { conversationId: 'e' })]);
  const { lost } = await one.settle(tokens.map((token) => ({ token, to: 'delivered' })));
  expect([lost, await state('a'), await state('b')]).toEqual([[], 'delivered', 'delivered']);
});

it('a claimed note is lost when another process ended its lease', async () => {
  await using world = await scene();
  const { at, one, other, tokens, state } = world;
  at.raw((database) => database.exec("UPDATE notes SET lease_until = 1 WHERE entry_ids LIKE '%a%'"));
  await other.append([newEntry('c', { conversationId: 'c' })]);
  expect(await state('a')).toBe('unconfirmed');
  expect((await one.settle(tokens.map(unclaim))).lost).toEqual([tokens[0]]);
  expect([await state('a'), await state('b')]).toEqual(['unconfirmed', 'spooled']);
});

it('a claimed note keeps nothing of a rolled-back group, whose revision others have used since', async () => {
  await using world = await scene();
  const { at, one, other, tokens, state } = world;
  at.raw((database) =>
    database.exec(
      "CREATE TRIGGER no_end BEFORE UPDATE OF ended_at ON entries WHEN new.id = 'a' BEGIN SELECT raise(ABORT, 'no'); END",
    ),
  );
  await expect(one.settle(tokens.slice(0, 1).map((token) => ({ token, to: 'delivered' })))).rejects.toThrow();
  await other.cancel(['a']);
  at.raw((database) => database.exec('DROP TRIGGER no_end'));
  await one.settle(tokens.map(unclaim));
  expect([await state('a'), await state('b')]).toEqual(['cancelled', 'spooled']);
});

it('a delivery that is told late counts in the transaction that records its attempt as unconfirmed', async () => {
  await using world = await scene();
  const { one, tokens, state } = world;
  const reason = { code: 'REQUEST_TIMEOUT', text: 'Exchange gave no answer in time.' } as const;
  const unknown = { to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason } as const;
  await Promise.all([
    one.settle(tokens.map((token) => ({ token, ...unknown }))),
    one.settle(tokens.map((token) => ({ token, to: 'delivered' }))),
  ]);
  expect([await state('a'), await state('b')]).toEqual(['delivered', 'delivered']);
});
