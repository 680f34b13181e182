import { describe, expect, it } from 'vitest';
import type { Sabotage } from './sabotage.ts';
import { cleanVerdict, torture, type Verdict } from './torture.ts';

const messages = 240;

function broken(sabotage?: Sabotage, seed = 8): Promise<Verdict> {
  const hard = { loss: 0.3, strangeness: 10, seed };
  return torture({
    spool: 'sqlite',
    kills: 2,
    messages,
    workers: 1,
    mailboxes: 3,
    ...hard,
    ...(sabotage === undefined ? {} : { sabotage }),
  });
}

describe('the judge of the torture test detects the faults of a broken build', () => {
  it.each<readonly [Sabotage, (verdict: Verdict) => unknown]>([
    ['forgets', ({ lost }) => lost.length],
    ['sends-again', ({ twice }) => twice.length],
    ['leaves-drafts', ({ drafts }) => drafts],
    ['mixes-up', ({ outOfOrder }) => outOfOrder.length],
  ])('%s', async (sabotage, faults) => {
    // The speed of the machine decides which faults meet which note: one of three runs has to be detected.
    let found: unknown = 0;
    for (let seed = 8; seed < 11 && found === 0; seed++) found = faults(await broken(sabotage, seed));
    expect(found).toBeGreaterThan(0);
  });

  it('finds nothing in an intact build', async () => {
    const { waits: _, struck: __, calls: ___, bodies: ____, dead: _____, ...verdict } = await broken();
    expect(verdict).toEqual(cleanVerdict(messages));
  });
});
