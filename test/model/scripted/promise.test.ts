import fc from 'fast-check';
import { describe, it } from 'vitest';
import { checkPromise, settleDown } from '../promise.ts';
import { hour } from '../world.ts';
import { scriptedWorld } from './exchange.ts';
import { anyScriptedCommand } from './weather.ts';

const runs = Number(process.env.OFFLINE_IM_MODEL_RUNS ?? 400);
const seed = Number(process.env.OFFLINE_IM_SEED ?? Math.floor(Math.random() * 2 ** 31));
const longest = 60_000 + runs * 3_000;

/** fast-check prints the failing commands; this says how to repeat them. */
async function promiseHolds(options: Parameters<typeof scriptedWorld>[0], share: number): Promise<void> {
  const commands = fc.commands(anyScriptedCommand, { maxCommands: 40, size: 'max' });
  const property = fc.asyncProperty(commands, async (chosen) => {
    const world = scriptedWorld(options);
    await world.start();
    await fc.asyncModelRun(() => ({ model: { messages: 0 }, real: world }), chosen);
    await settleDown(world);
    await checkPromise(world);
  });
  console.info(`model test: seed ${seed}, ${Math.ceil(runs * share)} runs`);
  try {
    await fc.assert(property, { seed, numRuns: Math.ceil(runs * share), endOnFailure: process.env.OFFLINE_IM_SHRINK === '0' });
  } catch (error) {
    console.error(`Replay: OFFLINE_IM_SEED=${seed} OFFLINE_IM_MODEL_RUNS=${runs} npx vitest run test/model/scripted`);
    throw error;
  }
}

describe('the promise, under random sends, host actions, outcomes, lost leases, clock changes and crashes', () => {
  it('holds in every run', () => promiseHolds({}, 1), longest);

  it(
    'holds, except for "not twice" if the host prefers to resend',
    () => promiseHolds({ probe: { giveUpAfter: hour, onUnconfirmed: 'resend' } }, 0.2),
    longest,
  );
});
