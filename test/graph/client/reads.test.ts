/** A probe of one note takes many requests: broken ones are repeated, answered ones are not. */
import { describe, expect, it } from 'vitest';
import { type Answer, canned, graphError, nothing } from '../support/canned.ts';

const folders = 5;

describe('a request of a probe', () => {
  it.each<[string, Answer | 'lost']>([
    ['is lost', 'lost'],
    ['is answered 500', { status: 500 }],
    ['is answered 503 without a time', { status: 503 }],
    ['is cut off', { text: '{"value":[' }],
  ])('that %s is repeated, at most twice', async (_, trouble) => {
    const times = async (broken: number): Promise<readonly [string | undefined, number]> => {
      const { probe, asked } = canned(({ what }, nth) => {
        if (what !== 'drafts' || nth > broken) return nothing;
        if (trouble === 'lost') throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
        return trouble;
      });
      return [(await probe())[0]?.status, asked.length];
    };
    expect(await times(1)).toEqual(['absent', 2 * folders + 1]);
    expect(await times(2)).toEqual(['absent', 2 * folders + 2]);
    expect((await times(3))[0]).toBe('unknown');
  });

  it.each<[string, Answer]>([
    ['has a back-off', { status: 503, headers: { 'retry-after': '9' } }],
    ['reports too many requests', graphError(429, 'TooManyRequests')],
    ['refuses', graphError(404, 'ErrorInvalidUser')],
  ])('is not repeated if the service %s', async (_, answer) => {
    const { probe, asked } = canned(() => answer);
    expect((await probe())[0]?.status).toBe('unknown');
    expect(asked.filter(({ what, query }) => what === 'drafts' && query.get('$filter')?.includes('OfflineImTag'))).toHaveLength(
      1,
    );
  });

  it('that moves an item or sends is made once', async () => {
    for (const status of [500, 503]) {
      const { deliverOne, asked } = canned(({ what }) => (what === 'sendMail' ? { status } : nothing));
      expect((await deliverOne()).status).toBe('unconfirmed');
      expect(asked).toHaveLength(1);
    }
  });
});
