import type { SpoolState } from '../../spool/contract.ts';
import { equal } from './assert.ts';
import { reason, type Scene } from './scene.ts';

const unconfirmed = { to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const;

/** Every situation an entry can be in. */
export type Situation =
  | SpoolState
  | 'deferred, with an unknown attempt'
  | 'held, with an unknown attempt'
  | 'dead, with an unknown attempt';

export const situations: readonly Situation[] = [
  'spooled',
  'deferred',
  'deferred, with an unknown attempt',
  'delivering',
  'unconfirmed',
  'held',
  'held, with an unknown attempt',
  'delivered',
  'dead',
  'dead, with an unknown attempt',
  'cancelled',
];

export function stateOf(situation: Situation): SpoolState {
  return situation.split(',')[0] as SpoolState;
}

/** Appends an entry in its own conversation and brings it into that situation; resolves with the token of its last claim. */
export async function bring(scene: Scene, id: string, situation: Situation): Promise<string> {
  const lane = `lane of ${id}`;
  await scene.append(scene.entry(id, { lane, conversationId: id }));
  const claim = async (kind: 'deliver' | 'probe') => (await scene.claimOne({ kind, lanes: { only: [lane] } })).token;
  let token = '';
  const settled = async (kind: 'deliver' | 'probe', settlement: Parameters<typeof scene.settle>[0]) => {
    token = await claim(kind);
    await scene.settle({ ...settlement, token });
  };
  if (situation.endsWith('an unknown attempt')) {
    await settled('deliver', { token, ...unconfirmed });
    if (situation.startsWith('dead')) await settled('probe', { token, to: 'dead', sent: 'unknown', reason });
    else await settled('probe', { token, to: 'deferred', after: 0, failure: false, reason });
    if (situation.startsWith('held')) await scene.storage.hold([id]);
  } else if (situation === 'delivering') token = await claim('deliver');
  else if (situation === 'deferred') await settled('deliver', { token, to: 'deferred', after: 0, failure: true, reason });
  else if (situation === 'unconfirmed') await settled('deliver', { token, ...unconfirmed });
  else if (situation === 'delivered') await settled('deliver', { token, to: 'delivered' });
  else if (situation === 'dead') await settled('deliver', { token, to: 'dead', sent: 'no', reason });
  else if (situation === 'held') await scene.storage.hold([id]);
  else if (situation === 'cancelled') await scene.storage.cancel([id]);
  await scene.expectState(id, stateOf(situation));
  return token;
}

/** Compares `counts` with the number of entries that `list` returns in each state. */
export async function expectCountsToAddUp(scene: Scene): Promise<void> {
  const listed: Partial<Record<string, number>> = {};
  for await (const { state } of scene.storage.list()) listed[state] = (listed[state] ?? 0) + 1;
  const counts = Object.entries(await scene.storage.counts()).filter(([, count]) => count !== 0);
  equal(Object.fromEntries(counts), listed, 'counts, compared with what is listed');
}
