import fc from 'fast-check';
import { type StorageFault, storageCalls } from './faulty-storage.ts';
import { anyHookAnswer, type HookAnswer } from './hooks.ts';
import { anyDraft, type Draft } from './messages.ts';
import { sendAgain, sendConflicting, sendNew } from './sending.ts';
import type { Server } from './server.ts';
import { hour, minute, second, type World } from './world.ts';

/** What determines which commands make sense: nothing can be done with messages before there is one. */
interface Sketch {
  messages: number;
}

export type Command<S extends Server = Server> = fc.AsyncCommand<Sketch, World<S>>;

/** A command: its name, its data, which a failing run prints, and its action. */
export function command<S extends Server = Server>(
  name: string,
  data: unknown,
  run: (world: World<S>) => Promise<void>,
  sends = 0,
): Command<S> {
  return {
    check: () => true,
    async run(sketch, world) {
      sketch.messages += sends;
      await run(world);
      await world.mend();
    },
    toString: () => `${name}(${data === undefined ? '' : JSON.stringify(data)})`,
  };
}

function needsMessage(made: Command): Command {
  return { ...made, check: ({ messages }) => messages > 0, toString: () => made.toString() };
}

const send = (drafts: readonly Draft[], ownIds: boolean): Command =>
  command('send', { drafts, ownIds }, (world) => sendNew(world, drafts, ownIds), drafts.length);

const repeat = (index: number, conflicting: boolean): Command =>
  needsMessage(
    command(conflicting ? 'sendConflicting' : 'sendAgain', index, (world) => {
      const message = messageAt(world, index);
      return conflicting ? sendConflicting(world, message) : sendAgain(world, message);
    }),
  );

type Action = 'cancel' | 'hold' | 'release' | 'requeue' | 'force' | 'purge';

const act = (action: Action, index: number, entry: number | undefined): Command =>
  needsMessage(
    command(action, { index, entry }, async (world) => {
      const { outgoing, entryIds } = messageFor(world, action, index);
      const id =
        entry === undefined ? outgoing.messageId : (entryIds[entry % Math.max(1, entryIds.length)] ?? outgoing.messageId);
      const { sender } = world.process;
      // Its rejection is judged elsewhere; here the message may be unknown, forgotten, or the storage unavailable.
      await world.process.attempt(action === 'force' ? sender.requeue(id, { force: true }) : sender[action](id));
    }),
  );

const advance = (ms: number): Command => command('advance', ms, (world) => world.clock.advance(ms));

const jump = (ms: number): Command => command('setWall', ms, async (world) => world.clock.setWall(world.clock.now() + ms));

const hooks = (answers: readonly HookAnswer[]): Command =>
  command('hooks', answers, async (world) => void world.hooks.push(...answers));

const storageFault = (fault: StorageFault, downFor: number): Command =>
  command('storageFault', { fault, downFor }, async (world) => {
    world.downFor = downFor;
    world.storage.faults.push({ ...fault });
  });

const crash = (downFor: number): Command => command('crash', downFor, (world) => world.crash(downFor));

const restart = (timeout: number): Command => command('restart', timeout, (world) => world.restart(timeout));

const flush = (): Command =>
  command('flush', undefined, async (world) => {
    const { process } = world;
    const over = new AbortController();
    const flushed = process.attempt(process.sender.flush({ signal: over.signal }));
    await world.clock.advance(second);
    over.abort();
    void flushed;
  });

const resume = (): Command => command('resume', undefined, async (world) => world.process.sender.retryNow());

const move = (): Command =>
  command('moveEndpoint', undefined, async (world) => {
    world.server.move();
    await world.restart(second);
  });

function messageAt(world: World, index: number) {
  const message = world.messages[index % world.messages.length];
  if (message === undefined) throw new Error('No message was sent.');
  return message;
}

/** States in which each action does something. */
const fitting: Readonly<Record<Action, readonly string[]>> = {
  cancel: ['spooled', 'deferred', 'delivering', 'unconfirmed', 'held'],
  hold: ['spooled', 'deferred'],
  release: ['held'],
  requeue: ['dead'],
  force: ['dead'],
  purge: ['delivered', 'dead', 'cancelled'],
};

/** Mostly a message to which the action applies; every seventh time any. */
function messageFor(world: World, action: Action, index: number) {
  const states = fitting[action];
  const fits = world.messages.filter(({ entryIds }) =>
    entryIds.some((id) => states.includes(world.watcher.entries.get(id)?.state ?? 'gone')),
  );
  return (index % 7 === 6 ? undefined : fits[index % Math.max(1, fits.length)]) ?? messageAt(world, index);
}

const anyIndex = fc.nat({ max: 30 });
const anyEntry = fc.option(fc.nat({ max: 1 }), { nil: undefined });
const anyDowntime = fc.constantFrom(0, 0, 30 * second, 7 * minute, 26 * hour);

const anyStorageFault = fc.record<StorageFault>({
  call: fc.constantFrom('any', 'any', ...storageCalls),
  what: fc.constantFrom('dies', 'dies', 'rejects'),
  when: fc.constantFrom('before', 'after'),
  countdown: fc.nat({ max: 12 }),
  times: fc.constantFrom(1, 1, 3, 10),
});

export const many = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<Item[]> => fc.array(item, { minLength: 1, maxLength: 6 });

const manySends = fc
  .tuple(fc.array(anyDraft, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([drafts, own]) => send(drafts, own));
const waits = fc.constantFrom(100, 5 * second, 30 * second, 2 * minute, 2 * minute, 2 * minute, 6 * minute, 2 * hour);

/** Actions of hosts, disks and clocks, listed as often as they should occur. */
export const anyCommand: readonly fc.Arbitrary<Command>[] = [
  manySends,
  manySends,
  manySends,
  fc.tuple(anyIndex, fc.boolean()).map(([index, conflicting]) => repeat(index, conflicting)),
  ...(['cancel', 'hold', 'release', 'requeue', 'force', 'purge'] as const).map((action) =>
    fc.tuple(anyIndex, anyEntry).map(([index, entry]) => act(action, index, entry)),
  ),
  waits.map(advance),
  waits.map(advance),
  waits.map(advance),
  waits.map(advance),
  fc.constantFrom(-24 * hour, -hour, hour, 24 * hour).map(jump),
  many(anyHookAnswer).map(hooks),
  fc.tuple(anyStorageFault, anyDowntime).map(([fault, downFor]) => storageFault(fault, downFor)),
  fc.tuple(anyStorageFault, anyDowntime).map(([fault, downFor]) => storageFault(fault, downFor)),
  // Renewals that fail for longer than a lease lasts.
  fc.constant(0).map(() => storageFault({ call: 'renew', what: 'rejects', when: 'before', countdown: 0, times: 10 }, 0)),
  anyDowntime.map(crash),
  fc.constantFrom(second, 30 * second).map(restart),
  fc.constant(0).map(flush),
  fc.constant(0).map(resume),
  fc.constant(0).map(move),
];
