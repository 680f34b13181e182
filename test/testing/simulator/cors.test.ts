import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call, findItem } from '../support/raw-ews.ts';

const mailboxes = ['alice@contoso.test'];
const origin = 'http://127.0.0.1:8080';
const question = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };

describe('a simulator with cors', () => {
  it('answers the preflight request, and lets the page read responses', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes, cors: true });
    const asked = await fetch(exchange.url, { method: 'OPTIONS', headers: question });
    expect(asked.status).toBe(204);
    expect(asked.headers.get('access-control-allow-origin')).toBe(origin);
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization, content-type, client-request-id');
    expect(exchange.journal).toEqual([]);
    const answer = await call(exchange.url, findItem(), { as: 'alice@contoso.test', password: 'x', headers: { origin } });
    expect(answer.status).toBe(200);
    const refused = await fetch(exchange.url, { method: 'POST', headers: { origin, 'content-type': 'text/xml' }, body: 'x' });
    expect(refused.headers.get('access-control-allow-origin')).toBe(origin);
    expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
  });

  it('for one origin admits no other', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes, cors: 'http://localhost:1' });
    const asked = await fetch(exchange.url, { method: 'OPTIONS', headers: question });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is off by default', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes });
    const asked = await fetch(exchange.url, { method: 'OPTIONS', headers: question });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });
});
