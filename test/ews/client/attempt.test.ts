import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attempt } from '../../../src/ews/client/attempt.ts';

const ends = ['under-way', '200', '401', '407', '500', 'unwritten', 'broken'] as const;
type End = (typeof ends)[number];

function leg(attempt: Attempt, hasBody: boolean, end: End): void {
  const one = attempt.begin(hasBody);
  if (end === 'unwritten' || end === 'broken') one.failed(new Error(end), end === 'unwritten');
  else if (end !== 'under-way') one.answered(Number(end));
}

describe('an attempt', () => {
  it('without a leg has sent nothing', () => {
    expect(new Attempt()).toMatchObject({ sent: 'no', begun: false, waits: false });
  });

  it.each(ends)('whose only leg with a body is %s', (end) => {
    const attempt = new Attempt();
    leg(attempt, true, end);
    expect(attempt.sent).toBe(['401', '407', 'unwritten'].includes(end) ? 'no' : 'unknown');
  });

  it('is in doubt as soon as one leg with a body is, whatever the others are', () => {
    const legs = fc.array(fc.tuple(fc.boolean(), fc.constantFrom(...ends)), { maxLength: 6 });
    fc.assert(
      fc.property(legs, (all) => {
        const attempt = new Attempt();
        for (const [hasBody, end] of all) leg(attempt, hasBody, end);
        const doubt = all.some(([hasBody, end]) => hasBody && ['under-way', '200', '500', 'broken'].includes(end));
        expect(attempt.sent).toBe(doubt ? 'unknown' : 'no');
      }),
    );
  });

  it('that has finished asks each running leg whether it may still send', () => {
    const attempt = new Attempt();
    attempt.begin(true, () => true);
    expect(attempt.sent).toBe('unknown');
    attempt.finish();
    expect(attempt).toMatchObject({ sent: 'no', unconnected: true });
    attempt.begin(true, () => false);
    attempt.finish();
    expect(attempt.sent).toBe('unknown');
  });

  it('attributes errors to the connection or to the login', () => {
    const attempt = new Attempt();
    const [lost, refused] = [new Error('lost'), new Error('refused')];
    attempt.begin(true).failed(lost, false);
    attempt.begin(true).failed(refused, true);
    expect([lost, refused, new Error('else')].map((error) => attempt.isConnectionError(error))).toEqual([false, true, false]);
  });
});
