import { describe, expect, it } from 'vitest';
import { useHarness } from '../support/harness.ts';
import { fault, message, response } from '../support/responses.ts';

const h = useHarness();

const busyItem = (ms: string): string =>
  response('CreateItem', [message('CreateItem', 'ErrorServerBusy', { values: { BackOffMilliseconds: ms } })]);

describe('the back-off of the server is read', () => {
  it('from the fault, in the types namespace', async () => {
    h.server.handler = () => ({ status: 500, body: fault('ErrorServerBusy', { BackOffMilliseconds: '25000' }) });
    expect((await h.deliver(2)).map((o) => 'retryAfter' in o && o.retryAfter)).toEqual([25_000, 25_000]);
  });

  it('from the item, in the messages namespace', async () => {
    h.server.handler = () => ({ body: busyItem('5000') });
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'deferred', scope: 'mailbox', retryAfter: 5000 });
  });

  it.each(['0', '', '-5', 'soon', '1e9', '99999999999999999999'])('but not from %j', async (value) => {
    h.server.handler = () => ({ body: busyItem(value) });
    expect((await h.deliver(1))[0]).not.toHaveProperty('retryAfter');
  });

  it.each([
    [{ 'retry-after': '30' }, 30_000],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': 'Tue, 14 Jun 2016 12:01:00 GMT', date: 'Tue, 14 Jun 2016 12:00:00 GMT' }, 60_000],
    [{ 'retry-after': 'Tue, 14 Jun 2016 11:00:00 GMT', date: 'Tue, 14 Jun 2016 12:00:00 GMT' }, undefined],
    [{ 'retry-after': 'whenever' }, undefined],
    [{}, undefined],
  ] as [Record<string, string>, number | undefined][])('from HTTP headers: %j is %s ms', async (headers, expected) => {
    for (const status of [429, 503]) {
      h.server.handler = () => ({ status, headers, body: 'no' });
      const [outcome] = await h.deliver(1);
      expect(outcome?.status).toBe(status === 429 ? 'deferred' : 'unconfirmed');
      expect(outcome !== undefined && 'retryAfter' in outcome ? outcome.retryAfter : undefined).toBe(expected);
    }
  });

  it('from the fault before the header', async () => {
    const body = fault('ErrorServerBusy', { BackOffMilliseconds: '1500' });
    h.server.handler = () => ({ status: 503, headers: { 'retry-after': '60' }, body });
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'deferred', scope: 'mailbox', retryAfter: 1500 });
  });

  it('a submission quota is respected for a long time', async () => {
    h.server.handler = () => ({ body: response('CreateItem', [message('CreateItem', 'ErrorSubmissionQuotaExceeded')]) });
    expect((await h.deliver(1))[0]).toMatchObject({ status: 'deferred', scope: 'mailbox', retryAfter: 3_600_000 });
  });
});
