/**
 * A Graph with distorted responses: properties missing, null, of another type or unknown; errors of every form, from Graph, from
 * Exchange behind it or from something in front; undocumented statuses. Nothing false is claimed about sent notes.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import { type ExchangeSimulator, ManualClock, type SimulatedItem, startExchangeSimulator } from '../../src/testing.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../src/transport/contract.ts';
import { hastyClock } from '../support/hasty-clock.ts';
import { randomFrom } from '../support/random.ts';
import { makeNote } from './support/canned.ts';
import { contentOf } from './support/conformance.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
/** Part of every text of the server, and must not be repeated anywhere. */
const marker = 'SERVER-TEXT';
const clock = new ManualClock();
let server: ExchangeSimulator;
const logged: unknown[] = [];
const hasty: Clock = { ...hastyClock, now: () => clock.now(), monotonic: () => clock.monotonic() };

beforeAll(async () => {
  server = await startExchangeSimulator({ clock, mailboxes: [alice, bob] });
});
afterAll(() => server.close());

type Random = () => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const odd = [null, '', marker, 7, -1, true, false, [], {}, [null], { [marker]: marker }, '2026-13-45T99:99:99Z', 'P1D', '\u202e'];

/** The properties in Microsoft's description of a message, a list or an error, requested or not. */
const described = [
  ...new Set(
    readFileSync(new URL('graph-openapi.yaml', import.meta.url), 'utf8')
      .split(/\n {4}(?=\S)/)
      .filter((schema) => /^(?:microsoft\.graph\.(?:entity|outlookItem|message)|messageCollection|odata\w+):/.test(schema))
      .flatMap((schema) => [...schema.matchAll(/^ {8,14}"?([@\w.-]+)"?:$/gm)].map(([, name = '']) => name))
      .filter((name) => !/^(?:properties|type|items|required|anyOf|allOf|error|@odata.nextLink)$/.test(name)),
  ),
];

/** Every object in a value, with its path. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

/** One property of one object is missing, null, or of another type; or there is an unknown one. */
function bend(random: Random, text: string): string {
  const body = JSON.parse(text) as unknown;
  const holder = pick(random, [...objectsIn(body)]);
  const name = pick(random, [
    ...Object.keys(holder),
    '@odata.etag',
    ...described,
    marker,
    'error',
    '@odata.nextLink',
    '@odata.count',
    '@removed',
  ]);
  // An empty list is the only lie that nothing else in a response contradicts.
  const values = odd.filter((value) => name !== 'value' || !Array.isArray(value) || value.length > 0);
  if (random() < 0.4) delete holder[name];
  else holder[name] = pick(random, values);
  if (name === '@odata.nextLink' && random() < 0.5) holder[name] = `https://elsewhere.test/${marker}`;
  return JSON.stringify(body);
}

/** Claims with any status that the note was not sent. */
const dailyLimit = 'ErrorExceededMessageLimit';
const codes = [
  'ErrorInvalidRecipients',
  'ErrorSendAsDenied',
  'ErrorAccessDenied',
  'ErrorQuotaExceeded',
  'ErrorItemNotFound',
  'ErrorFolderNotFound',
  'ErrorObjectTypeChanged',
  'ErrorItemSavePropertyError',
  dailyLimit,
  'ErrorMimeContentInvalidBase64String',
  'BadRequest',
  'InvalidAuthenticationToken',
  'ApplicationThrottled',
  'UnknownError',
  '',
  marker,
  `Error${marker}`,
  `ErrorX ${marker}`,
];

function errorBody(random: Random, taken: boolean): string {
  const usable = codes.filter((one) => !taken || one !== dailyLimit);
  const code = pick(random, usable);
  const message = `${marker} of an application`;
  return pick<() => string>(random, [
    () => '',
    () => JSON.stringify({ error: { code, message } }),
    () =>
      JSON.stringify({
        error: { code: 'BadRequest', message, innerError: { code, innererror: { code: pick(random, usable) } } },
      }),
    () => JSON.stringify({ error: { code, message, details: [{ code: pick(random, usable), message }, null, 7] } }),
    () => JSON.stringify({ error: code, error_description: message }),
    () => JSON.stringify({ Message: message }),
    () => JSON.stringify({ error: pick(random, odd) }),
    () => JSON.stringify({ error: { code: pick(random, odd), message: pick(random, odd), innerError: pick(random, odd) } }),
    () => JSON.stringify(pick(random, odd)),
    () => JSON.stringify([{ error: { code, message } }]),
    () => `<!DOCTYPE html><html><body>${marker}<input type="password"></body></html>`,
    () => `<?xml version="1.0"?><m:error xmlns:m="x"><m:code>${code}</m:code></m:error>`,
    () => `{"error":{"code":"${code}","mess`,
    () => `${marker}\u0000\u202e`,
    () => '\ufeff{"error":{"code":"ErrorAccessDenied"}}',
  ])();
}

const retryAfters = [
  '0',
  '7',
  '-5',
  '1.5',
  '1e9',
  marker,
  'Wed, 21 Oct 2099 07:28:00 GMT',
  'Wed, 21 Oct 1999 07:28:00 GMT',
  '2026-01-01',
  ' 12 ',
  '12, 30',
];

function headersOf(random: Random): Record<string, string> {
  return {
    'content-type': pick(random, [
      'application/json',
      'text/html',
      'text/plain; charset=utf-16',
      'application/problem+json',
      marker,
    ]),
    ...(random() < 0.5 ? { 'retry-after': pick(random, retryAfters) } : {}),
    ...(random() < 0.2
      ? { 'x-ms-throttle-scope': marker, 'request-id': marker, 'x-ms-ags-diagnostic': `{"ServerInfo":"${marker}"}` }
      : {}),
    ...(random() < 0.2 ? { location: `https://login.test/${marker}` } : {}),
    ...(random() < 0.2 ? { 'www-authenticate': `Bearer error="insufficient_claims", claims="${btoa(marker)}"` } : {}),
  };
}

const withoutBody = new Set([204, 205, 304]);
/** @param taken Whether it did what it was asked. */
const answer = (random: Random, status: number, taken = false): Response =>
  new Response(withoutBody.has(status) ? null : errorBody(random, taken), { status, headers: headersOf(random) });

/** What a server may say about a message that it did not accept. */
const refusals = [
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 415, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429,
  431, 440, 449, 451, 456, 499, 500, 501, 502, 503, 504, 505, 507, 508, 509, 511, 520, 521, 522, 523, 524, 525, 526, 529, 530,
  599,
];
/** What it, or something in front of it, may say although it did. */
const afterwards = [
  200, 201, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 307, 308, 408, 409, 412, 422, 423, 500, 502, 503, 504,
  505, 508, 520, 521, 522, 523, 524, 599,
];

/** @param often The probability that a response is distorted, 0 to 1. */
function bentFetch(random: Random, often: number): typeof globalThis.fetch {
  return async (input, init) => {
    const sends = String(input).endsWith('/sendMail');
    const moves = String(input).endsWith('/move');
    if (random() < often * 0.4) return answer(random, pick(random, refusals));
    const real = await fetch(input, init);
    if (random() >= often) return real;
    if (sends || moves) {
      await real.body?.cancel();
      if (sends && real.status !== 202) return real;
      return answer(random, pick(random, afterwards), true);
    }
    const text = await real.text();
    const headers = { 'content-type': 'application/json', date: real.headers.get('date') ?? '' };
    if (!real.ok || random() < 0.2) return answer(random, pick(random, [...afterwards, ...refusals]));
    return new Response(bend(random, text), { status: real.status, headers });
  };
}

function expectSafe(result: unknown): void {
  const shown = JSON.stringify(result, (_, value: unknown) =>
    value instanceof Error ? { ...value, text: `${value.stack} ${value.cause}` } : value,
  );
  expect(shown).not.toMatch(new RegExp(marker));
}

function expectTrue(outcome: DeliveryOutcome | undefined, arrived: boolean): void {
  expect(outcome).toBeDefined();
  if (outcome === undefined) return;
  if (outcome.status === 'delivered') {
    expect(arrived).toBe(true);
    return;
  }
  expectSafe(outcome);
  expect(outcome.error.code).toMatch(/^[A-Z_]+$/);
  const { retryAfter } = outcome as { retryAfter?: number };
  if (retryAfter !== undefined) expect(Number.isFinite(retryAfter) && retryAfter >= 0).toBe(true);
  const unsent =
    outcome.status === 'deferred' || outcome.status === 'rejected' || (outcome.status === 'blocked' && outcome.sent === 'no');
  if (unsent) expect(arrived).toBe(false);
}

const signal = new AbortController().signal;

async function probed(transport: GraphTransport, note: Note): Promise<ProbeResult> {
  const [result] = await transport.probe([{ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }], { signal });
  if (result === undefined) throw new Error('no result');
  expectSafe(result);
  return result;
}

it('no response of Graph leads to a false verdict', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2 ** 31), fc.constantFrom(0.1, 0.3, 0.8), async (seed, often) => {
      const random = randomFrom(seed);
      server.reset();
      logged.length = 0;
      const transport = new GraphTransport({
        root: server.graphUrl,
        credential: async () => ({ token: server.tokens.issue(alice) }),
        fetch: bentFetch(random, often),
        clock: hasty,
        logger: {
          debug: (r) => logged.push(r),
          info: (r) => logged.push(r),
          warn: (r) => logged.push(r),
          error: (r) => logged.push(r),
        },
      });
      const note = {
        ...makeNote(transport, 1),
        messageClass: 'IPM.Note.Microsoft.Missed',
        from: { address: alice },
        to: [{ address: bob }],
        place: transport.placeOf({ address: alice }),
      };
      const arrivals = () => server.mailbox(bob).folder('inbox').items.length;
      const [outcome] = await transport.deliver([note], { signal, mayWrite: () => true });
      expect(arrivals()).toBeLessThanOrEqual(1);
      expectTrue(outcome, arrivals() === 1);
      const kind = pick(random, ['as sent', 'draft', 'pending', 'none'] as const);
      const mailbox = server.mailbox(alice);
      if (kind !== 'as sent') {
        for (const folder of mailbox.folders) for (const item of folder.items as SimulatedItem[]) mailbox.remove(item);
      }
      const stored =
        kind === 'draft' || kind === 'pending' ? mailbox.store(mailbox.folder('drafts'), contentOf(note), kind) : undefined;
      if (random() < 0.5) await clock.advance(24 * 3_600_000);
      const sent = kind === 'as sent' && arrivals() === 1;
      const result = await probed(transport, note);
      if (sent) expect(['found', 'unknown', 'pending']).toContain(result.status);
      if (kind === 'none' || (kind === 'as sent' && !sent))
        expect(['absent', 'unknown', 'pending', 'draft']).toContain(result.status);
      if (kind === 'pending') expect(['pending', 'unknown', 'found']).toContain(result.status);
      const there = mailbox.folder('drafts').items.length;
      if (kind === 'pending') expect(there).toBe(1);
      if (kind === 'draft' && result.status === 'absent') expect('absent').toBe('not, where a draft lies');
      if (stored !== undefined && result.status === 'draft' && result.removed) expect(there).toBe(0);
      expectSafe(logged);
    }),
    { numRuns: Number(process.env.OFFLINE_IM_RUNS ?? 60) },
  );
}, 600_000);
