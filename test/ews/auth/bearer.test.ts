/** bearerAuth over real HTTP: how often the host is asked, and what happens to the notes meanwhile. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { type Answer, alice, host, inbox, notSent } from '../support/bearer-host.ts';

describe('a token', () => {
  it('is requested once and kept', async () => {
    const { asked, deliver, server } = await host();
    for (let n = 0; n < 5; n++) expect(await deliver(n)).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first']);
    expect(inbox(server)).toBe(5);
  });

  it('is requested once by concurrent requests', async () => {
    const { asked, deliver } = await host(async (server) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { token: server.tokens.issue(alice), expiresAt: Date.now() + 3_600_000 };
    });
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, n) => deliver(n)));
    expect(outcomes.every(({ status }) => status === 'delivered')).toBe(true);
    expect(asked).toEqual(['first']);
  });

  it('is renewed before it expires, in parallel with requests', async () => {
    const clock = new ManualClock();
    const { asked, deliver, server } = await host(
      (s) => ({ token: s.tokens.issue(alice, { lifetime: 3_600_000 }), expiresAt: clock.now() + 3_600_000 }),
      { clock },
    );
    await deliver();
    await clock.advance(3_299_000);
    await deliver();
    expect(asked).toEqual(['first']);
    await clock.advance(2_000);
    await deliver();
    expect(asked).toEqual(['first', 'expired']);
    await clock.advance(400_000); // the first one has ended
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'expired']);
    expect(server.journal.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is awaited once it has expired', async () => {
    const clock = new ManualClock();
    const answer: Answer = (s) => ({
      token: s.tokens.issue(alice, { lifetime: 60_000 }),
      expiresAt: new Date(clock.now() + 60_000),
    });
    const { asked, deliver, server } = await host(answer, { clock });
    await deliver();
    await clock.advance(60_000);
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'expired']);
    expect(server.journal.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('stays in use while its renewal fails, which is not retried at every request', async () => {
    const clock = new ManualClock();
    const { asked, deliver } = await host(
      (server, nth) => {
        if (nth > 1) throw new Error('the identity provider is down');
        return { token: server.tokens.issue(alice), expiresAt: clock.now() + 600_000 };
      },
      { clock },
    );
    await deliver();
    await clock.advance(400_000);
    for (let n = 0; n < 20; n++) expect(await deliver(n)).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'expired']);
    await clock.advance(10_000);
    await deliver();
    expect(asked).toEqual(['first', 'expired', 'expired']);
  });

  it.each([{ expiresAt: 0 }, { expiresAt: new Date(0) }, { expiresAt: -5 }])(
    'that has already expired is used anyway, and not requested again each time: %j',
    async (end) => {
      const clock = new ManualClock();
      const { asked, deliver } = await host((server) => ({ token: server.tokens.issue(alice), ...end }), { clock });
      for (let n = 0; n < 20; n++) expect(await deliver(n)).toMatchObject({ status: 'delivered' });
      expect(asked).toEqual(['first']);
    },
  );
});

describe('a 401', () => {
  it('renews once for 16 requests refused with the same token, and each note is sent once', async () => {
    const { asked, deliver, server } = await host(async (s) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return s.tokens.issue(alice);
    });
    await deliver();
    server.tokens.revoke();
    const outcomes = await Promise.all(Array.from({ length: 16 }, (_, n) => deliver(n)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(16).fill('delivered'));
    expect(asked).toEqual(['first', 'refused']);
    expect(inbox(server)).toBe(17);
  });

  it('renews once, even if the refusals arrive one after the other', async () => {
    const { asked, deliver, server } = await host();
    await deliver();
    server.tokens.revoke();
    server.faults.on('CreateItem').nth(2).delay(40);
    const outcomes = await Promise.all([deliver(1), deliver(2), deliver(3)]);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(3).fill('delivered'));
    expect(asked).toEqual(['first', 'refused']);
  });

  it('twice in a row blocks the mailbox instead of looping', async () => {
    const { asked, deliver, requests, server } = await host((_, nth) => `useless.${nth}`);
    expect(await deliver()).toMatchObject({
      status: 'blocked',
      scope: 'mailbox',
      sent: 'no',
      error: { code: 'AUTHENTICATION_FAILED' },
    });
    expect({ asked, requests: requests() }).toEqual({ asked: ['first', 'refused'], requests: 2 });
    for (let n = 0; n < 50; n++) await deliver(n);
    // The fresh token was just refused; another one is not requested so soon.
    expect({ asked, requests: requests() }).toEqual({ asked: ['first', 'refused'], requests: 52 });
    expect(inbox(server)).toBe(0);
  });

  it('leads to a new token request after a while', async () => {
    const clock = new ManualClock();
    const { asked, deliver } = await host((server, nth) => (nth < 3 ? `useless.${nth}` : server.tokens.issue(alice)), { clock });
    expect(await deliver()).toMatchObject({ status: 'blocked' });
    await clock.advance(10_000);
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'refused', 'refused']);
  });

  it('from a busy proxy renews nothing', async () => {
    const { asked, deliver, server } = await host();
    server.faults
      .on('CreateItem')
      .once()
      .http(401, { headers: { 'retry-after': '7' } });
    expect(await deliver()).toMatchObject({ status: 'deferred', scope: 'mailbox', retryAfter: 7000 });
    expect(asked).toEqual(['first']);
  });

  it('whose renewal fails leaves the note unsent', async () => {
    const { deliver, server } = await host((s, nth) => {
      if (nth === 2) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      return s.tokens.issue(alice);
    });
    await deliver();
    server.tokens.revoke();
    expect(await deliver()).toMatchObject(notSent);
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(inbox(server)).toBe(2);
  });

  it('asks again if the host returned its own cached token', async () => {
    const clock = new ManualClock();
    let cached = '';
    let release = (): void => {};
    const { asked, deliver, server } = await host(
      (s, nth) => {
        if (nth === 1) cached = s.tokens.issue(alice);
        if (nth === 2)
          return new Promise((resolve) => (release = () => resolve({ token: cached, expiresAt: clock.now() + 600_000 })));
        return { token: nth === 1 ? cached : s.tokens.issue(alice), expiresAt: clock.now() + 600_000 };
      },
      { clock },
    );
    await deliver();
    server.tokens.revoke();
    await clock.advance(400_000);
    const outcome = deliver(1); // Starts the renewal in parallel, and is refused while it runs.
    while (server.journal.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    release();
    expect(await outcome).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'expired', 'refused']);
  });
});
