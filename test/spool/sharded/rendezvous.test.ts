import { describe, expect, it } from 'vitest';
import { sharded } from '../../../src/index.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { Rendezvous } from '../../../src/spool/sharded/rendezvous.ts';

const mailboxes = Array.from({ length: 20_000 }, (_, index) => `user${index}@contoso.test`);

describe('the shard of a mailbox', () => {
  it('is the same in every process, for any order of names and any spelling of the address', () => {
    const [one, other] = [new Rendezvous(['eu1', 'eu2', 'us1']), new Rendezvous(['us1', 'eu1', 'eu2'])];
    for (const mailbox of mailboxes.slice(0, 1_000)) expect(one.of(mailbox)).toBe(other.of(mailbox));
    const spool = sharded({ eu1: new MemorySpool(), eu2: new MemorySpool(), us1: new MemorySpool() });
    expect(spool.shardOf('Alice Example <ALICE@Contoso.test>')).toBe(spool.shardOf('alice@contoso.test'));
    expect(spool.shardOf('alice@contoso.test')).toBe(one.of('alice@contoso.test'));
  });

  it('never changes between versions: waiting entries would be searched for elsewhere', () => {
    const shards = new Rendezvous(['eu1', 'eu2', 'us1']);
    expect(
      ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'zoë'].map((name) => shards.of(`${name}@contoso.test`)),
    ).toMatchInlineSnapshot(`
      [
        "us1",
        "eu1",
        "us1",
        "us1",
        "eu2",
        "us1",
        "eu1",
      ]
    `);
  });

  it('spreads mailboxes evenly', () => {
    const names = Array.from({ length: 16 }, (_, index) => `s${index}`);
    const shards = new Rendezvous(names);
    const counts = new Map(names.map((name) => [name, 0]));
    for (const mailbox of mailboxes) counts.set(shards.of(mailbox), (counts.get(shards.of(mailbox)) ?? 0) + 1);
    const fair = mailboxes.length / names.length;
    for (const count of counts.values()) expect(Math.abs(count - fair) / fair).toBeLessThan(0.15);
  });

  it('moves only the share of an added shard, and only to that one', () => {
    const before = new Rendezvous(['a', 'b', 'c']);
    const after = new Rendezvous(['a', 'b', 'c', 'd']);
    const moved = mailboxes.filter((mailbox) => before.of(mailbox) !== after.of(mailbox));
    expect(new Set(moved.map((mailbox) => after.of(mailbox)))).toEqual(new Set(['d']));
    expect(Math.abs(moved.length / mailboxes.length - 1 / 4)).toBeLessThan(0.03);
  });
});

describe('sharded()', () => {
  const spool = new MemorySpool();
  it.each([
    ['nothing', undefined],
    ['no spool', {}],
    ['something that is no spool', { a: {} }],
    ['a name that an id could not carry', { 'a.b': spool }],
    ['one spool under two names', { a: spool, b: spool }],
  ])('refuses %s', (_, given) => {
    expect(() => sharded(given as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
