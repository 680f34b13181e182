import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { always, useHarness } from '../support/harness.ts';
import { created, fault, ok } from '../support/responses.ts';

const h = useHarness();
type Fields = Readonly<Record<string, unknown>>;

function recorder() {
  const lines: Fields[] = [];
  const add = (fields: Fields): void => {
    lines.push(fields);
  };
  return { lines, logger: { debug: add, info: add, warn: add, error: add } };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('the trace', () => {
  it('records each request and response, with the id that the server sees', async () => {
    const { lines, logger } = recorder();
    h.server.handler = () => ({ body: created(ok, 'ErrorTimeoutExpired') });
    await h.deliver(2, { logger });
    const seen = h.server.requests[0];
    const requestId = seen?.headers['client-request-id'];
    expect(requestId).toMatch(uuid);
    expect(seen?.headers['return-client-request-id']).toBe('true');
    expect(seen?.headers['content-type']).toBe('text/xml; charset=utf-8');
    const common = { requestId, operation: 'CreateItem', notes: ['note-0', 'note-1'] };
    expect(lines).toEqual([
      { step: 'ews:request', ...common, bytes: Buffer.byteLength(seen?.body ?? '') },
      { step: 'ews:response', ...common, ms: expect.any(Number), status: 200, responseCode: [ok, 'ErrorTimeoutExpired'] },
    ]);
  });

  it('gives each request its own id', async () => {
    h.server.handler = () => ({ body: created(ok) });
    await h.deliver(3, { notesPerRequest: 1 });
    expect(new Set(h.server.requests.map(({ headers }) => headers['client-request-id'])).size).toBe(3);
  });

  it('records faults, statuses and failures', async () => {
    const { lines, logger } = recorder();
    h.server.handler = () => ({ status: 500, body: fault('ErrorServerBusy') });
    await h.deliver(1, { logger });
    h.server.handler = () => ({ status: 403 });
    await h.deliver(1, { logger });
    const clock = new ManualClock();
    h.server.handler = () => void clock.advance(60_000);
    await h.deliver(1, { logger, requestTimeout: 60_000, clock });
    expect(lines.filter(({ step }) => step === 'ews:response')).toMatchObject([
      { status: 500, fault: true, responseCode: 'ErrorServerBusy' },
      { status: 403 },
      { sent: 'unknown', code: 'REQUEST_TIMEOUT' },
    ]);
  });

  it('contains no text, password or login header, and neither does an outcome', async () => {
    const { lines, logger } = recorder();
    const outcomes = [];
    for (const answer of [
      { status: 500 },
      { status: 401 },
      { body: '<a>secret text' },
      { body: created('secret text & more') },
    ]) {
      h.server.handler = () => answer;
      outcomes.push(...(await h.deliver(1, { logger })));
    }
    outcomes.push(...(await h.deliver(1, { logger, url: 'http://127.0.0.1:1/' })));
    const printed = JSON.stringify([
      lines,
      outcomes.map((o) => ('error' in o ? [String(o.error), o.error.stack, String(o.error.cause)] : o)),
    ]);
    for (const secret of ['secret text', 'sécret-pass', 'Basic '])
      expect(printed.replaceAll(/"responseCode":"[^"]*"/g, '')).not.toContain(secret);
  });

  it('is not affected by a logger that throws', async () => {
    const fail = (): void => {
      throw new Error('disk full');
    };
    h.server.handler = () => ({ body: created(ok) });
    expect((await h.deliver(1, { logger: { debug: fail, info: fail, warn: fail, error: fail } }))[0]?.status).toBe('delivered');
  });
});

it('a fetch replaced later is used', async () => {
  const transport = h.transport();
  h.server.handler = () => ({ body: created(ok) });
  expect((await transport.deliver([h.note(transport, 0)], always()))[0]?.status).toBe('delivered');
});
