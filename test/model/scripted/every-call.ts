import { expect } from 'vitest';
import type { StorageFault } from '../faulty-storage.ts';
import { checkPromise, settleDown } from '../promise.ts';
import { sendAgain, sendNew } from '../sending.ts';
import { minute, type World } from '../world.ts';
import { goodAnswer } from './answers.ts';
import { type Exchange, scriptedWorld } from './exchange.ts';

const draft = { from: undefined, conversationId: undefined, expiresIn: undefined };
const toBob = { ...draft, to: ['sip:bob@contoso.com'] };
const toBoth = { ...draft, to: ['sip:carol@contoso.com', 'sip:felix@fabrikam.com'] };
const toGroup = { ...draft, to: ['sip:bob@contoso.com', 'sip:carol@contoso.com'] };

/** A little of everything: a note split, one sent without a response, one lost, one deferred, one rejected; every action of the host; a restart. */
async function scenario(world: World<Exchange>): Promise<void> {
  const act = async (action: 'cancel' | 'hold' | 'release' | 'requeue' | 'purge', index: number): Promise<void> => {
    const id = world.messages[index]?.outgoing.messageId ?? '';
    await world.process.attempt(world.process.sender[action](id));
    await world.mend();
  };
  const advance = async (ms: number): Promise<void> => {
    await world.clock.advance(ms);
    await world.mend();
  };
  world.server.answers.push(
    { ...goodAnswer, told: 'rejected', fate: 'nothing', splittable: true },
    { ...goodAnswer, told: 'unconfirmed', copyAfter: 2 * minute },
    { ...goodAnswer, told: 'throws', fate: 'nothing' },
    { ...goodAnswer, told: 'deferred', fate: 'nothing' },
    { ...goodAnswer, told: 'rejected', fate: 'nothing' },
    { ...goodAnswer, told: 'unconfirmed', fate: 'draft' },
    { ...goodAnswer, takes: 20_000 },
  );
  await sendNew(world, [toBob, toBob, toBoth, toGroup, toBob], true);
  await world.mend();
  await act('hold', 4);
  for (const message of [...world.messages]) {
    await sendAgain(world, message);
    await world.mend();
  }
  await advance(2 * minute);
  await act('release', 4);
  await act('cancel', 2);
  await advance(7 * minute);
  await sendNew(world, [toBob, toGroup], true);
  await world.restart(1_000);
  await world.mend();
  for (const index of world.messages.keys()) await act('requeue', index);
  await advance(8 * minute);
  await act('purge', 0);
}

/** Resolves with the number of storage calls until everything began to settle. */
async function run(faults: readonly StorageFault[] = []): Promise<number> {
  const world = scriptedWorld();
  world.storage.faults.push(...faults);
  await world.start();
  await scenario(world);
  const { calls } = world.storage;
  await settleDown(world);
  await checkPromise(world);
  return calls;
}

/** The fault of a storage call. */
export type CallFault = Pick<StorageFault, 'what' | 'when'>;

export const callFaults: readonly (readonly [string, CallFault])[] = [
  ['the process dies before it', { what: 'dies', when: 'before' }],
  ['the process dies after it', { what: 'dies', when: 'after' }],
  ['it rejects without effect', { what: 'rejects', when: 'before' }],
  ['it rejects after its effect', { what: 'rejects', when: 'after' }],
];

/** Runs the scenario with that fault at every n-th storage call, starting with `first`. */
export async function holdsAtCalls(fault: CallFault, first: number, step: number): Promise<void> {
  const calls = await run();
  expect(calls).toBeGreaterThan(100);
  for (let countdown = first; countdown < calls; countdown += step) {
    await run([{ call: 'any', ...fault, countdown, times: 1 }]).catch((error: unknown) => {
      throw new Error(`At storage call ${countdown + 1} of ${calls}: ${String(error)}`);
    });
  }
}
