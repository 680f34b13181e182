import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { type Call, withTimeout } from '../../src/spooler/bounded-calls.ts';
import { spoolerSettings } from '../../src/spooler/options.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

function patient() {
  const clock = new ManualClock();
  const stop = new AbortController();
  return { clock, stop, context: { clock, options: spoolerSettings(), signal: stop.signal } };
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('a call of a transport', () => {
  it('that ends leaves no timer, and its signal is not aborted: connections listening to it are kept', async () => {
    const { clock, context } = patient();
    let seen: Call | undefined;
    const answered = withTimeout(context, async (call) => {
      seen = call;
      return 'answer';
    });
    expect(await answered).toBe('answer');
    expect(seen?.signal.aborted).toBe(false);
    expect(seen?.isWanted()).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['rejects', () => Promise.reject(new OfflineImError('EWS_ERROR', 'No.'))],
    [
      'throws at once',
      () => {
        throw new OfflineImError('EWS_ERROR', 'No.');
      },
    ],
  ])('that %s does so at once, and leaves no timer', async (_, call: () => Promise<never>) => {
    const { clock, context } = patient();
    await expect(withTimeout(context, call)).rejects.toMatchObject({ code: 'EWS_ERROR' });
    expect(clock.pending).toBe(0);
  });

  it('that hangs is aborted after 20 deadlines and given up 5 s later; its late result still counts', async () => {
    const { clock, context } = patient();
    const answer = Promise.withResolvers<string>();
    const heard: string[] = [];
    let seen: Call | undefined;
    const given = expect(
      withTimeout(
        context,
        (call) => {
          seen = call;
          return answer.promise;
        },
        (late) => heard.push(late),
      ),
    ).rejects.toMatchObject({ code: 'TRANSPORT_FAILED' });
    await clock.advance(1_199_999);
    expect(seen).toMatchObject({ signal: { aborted: false } });
    await clock.advance(1);
    expect(seen?.signal.aborted).toBe(true);
    expect(seen?.isWanted()).toBe(true);
    await clock.advance(5_000);
    await given;
    expect(seen?.isWanted()).toBe(false);
    expect(heard).toEqual([]);
    answer.resolve('late');
    await clock.advance(0);
    expect(heard).toEqual(['late']);
  });

  it('that hangs while the spooler stops is aborted at once, and leaves no timer behind', async () => {
    const { clock, stop, context } = patient();
    let seen: Call | undefined;
    void withTimeout(context, (call) => {
      seen = call;
      return never();
    });
    stop.abort();
    expect(seen?.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
