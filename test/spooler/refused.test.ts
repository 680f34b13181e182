/** Inconclusive probes, and calls to a storage that is no longer ours. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { lane, note, place, spooler } from './parts.ts';

describe('a probe', () => {
  it('reports what it met to mailbox and endpoint, and gets the signal that aborts it', async () => {
    const { work, transport, lanes, settled } = spooler();
    const error = new OfflineImError('AUTHENTICATION_FAILED', 'HTTP 401.');
    let signal: unknown;
    transport.probe = async (notes, options?: { signal: AbortSignal }) => {
      signal = options?.signal;
      return notes.map(() => ({ status: 'unknown', error }) as const);
    };
    await work('probe', note('a', { unknownAttempts: [{ tag: 'a:1', place }] }));
    expect([lanes.admission(lane), signal instanceof AbortSignal]).toEqual(['closed', true]);
    expect(settled).toMatchObject([{ to: 'unconfirmed', reason: { code: 'AUTHENTICATION_FAILED' } }]);
  });

  it('with an unreadable answer is repeated, with a warning', async () => {
    const { work, transport, settled, warnings } = spooler();
    transport.probe = async () => [{ status: 'nothing' } as never];
    await work('probe', note('a'));
    expect([settled.map(({ to }) => to), warnings.length]).toEqual([['unconfirmed'], 1]);
  });

  it('for missing places only calls no transport', async () => {
    const { work, transport, places } = spooler();
    Object.assign(places, { canProbe: () => false });
    let asked = 0;
    transport.probe = async () => {
      asked += 1;
      return [];
    };
    await work('probe', note('a', { unknownAttempts: [{ tag: 'a:1', place }] }));
    expect(asked).toBe(0);
  });

  it('refused twice in a row waits longer than its regular delay', async () => {
    const { work, transport, settled } = spooler();
    const error = new OfflineImError('EWS_ERROR', 'No.');
    transport.answerProbe = () => ({ status: 'unknown', scope: 'note', error });
    for (let n = 0; n < 6; n++) await work('probe', note('a'));
    transport.answerProbe = () => ({ status: 'pending' });
    await work('probe', note('a'));
    expect(settled.map((one) => ('after' in one ? one.after : undefined))).toEqual([
      5_000, 5_000, 10_000, 20_000, 40_000, 80_000, 5_000,
    ]);
  });
});

describe('a storage', () => {
  it.each([
    ['does not name its owner: it is ours', undefined, 'delivered'],
    ['was taken away: not a byte is written', () => false, 'unclaim'],
  ] as const)('that %s', async (_what, isOwner, to) => {
    const { work, context, transport, settled } = spooler();
    Object.assign(context.storage, { isOwner });
    transport.answer = (_note, { mayWrite }) =>
      mayWrite()
        ? { status: 'delivered', messageClass: 'X' }
        : { status: 'deferred', scope: 'note', error: new OfflineImError('NOT_ATTEMPTED', 'It may not be written.') };
    await work('deliver', note('a'));
    expect(settled.map((one) => one.to)).toEqual([to]);
  });
});
