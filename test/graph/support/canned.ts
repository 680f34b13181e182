/** A Graph with scripted responses, behind a fetch; every request sent to it must be one that the description allows. */
import { afterEach, expect } from 'vitest';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import type { GraphTransportOptions } from '../../../src/graph/options.ts';
import type { DeliverOptions, DeliveryOutcome, Note, ProbeResult } from '../../../src/transport/contract.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { checkedGraphFetch } from './graph-schema.ts';

export const root = 'https://graph.contoso.test';
const secretToken = 'sécret'.length === 6 ? 'very.secret.token' : '';

/** A request, as the service sees it. */
interface Asked {
  readonly method: string;
  /** Without the query, below the root. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  /** `sendMail`, the folder that is listed, `messages` for all at once, `get` or `move`. */
  readonly what: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

export type Handler = (asked: Asked, nth: number) => Answer | Promise<Answer>;

export interface Canned {
  readonly transport: GraphTransport;
  readonly asked: Asked[];
  note(n?: number, fields?: Partial<Note>): Note;
  deliver(notes?: readonly Note[], options?: Partial<DeliverOptions>): Promise<readonly DeliveryOutcome[]>;
  deliverOne(note?: Note): Promise<DeliveryOutcome>;
  probe(notes?: readonly Note[]): Promise<readonly ProbeResult[]>;
}

let problems: readonly string[][] = [];
afterEach(() => {
  const found = problems.flat();
  problems = [];
  expect(found).toEqual([]);
});

export function canned(handler: Handler, options: Partial<GraphTransportOptions> = {}): Canned {
  const asked: Asked[] = [];
  const fetch = checkedGraphFetch(async (input, init) => {
    const url = new URL(String(input));
    const request: Asked = {
      method: init?.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? (JSON.parse(init.body) as Record<string, unknown>) : {},
      what: whatOf(url.pathname),
    };
    asked.push(request);
    init?.signal?.throwIfAborted();
    const { status = 200, headers = {}, json, text } = await handler(request, asked.length);
    const body = text ?? (json === undefined ? null : JSON.stringify(json));
    const type = json === undefined ? {} : { 'content-type': 'application/json' };
    return new Response(status === 204 || status === 304 ? null : body, {
      status,
      headers: { date: new Date().toUTCString(), ...type, ...headers },
    });
  });
  problems = [...problems, fetch.errors];
  const transport = new GraphTransport({
    root,
    credential: async () => ({ token: secretToken }),
    fetch,
    messagesPerMinute: 10_000,
    ...(options.requestTimeout === undefined ? { clock: hastyClock } : {}),
    ...options,
  });
  const note = (n = 1, fields: Partial<Note> = {}): Note => makeNote(transport, n, fields);
  return {
    transport,
    asked,
    note,
    deliver: (notes = [note()], own = {}) =>
      transport.deliver(notes, { signal: new AbortController().signal, mayWrite: () => true, ...own }),
    deliverOne: async (one = note()) => {
      const [outcome] = await transport.deliver([one], { signal: new AbortController().signal, mayWrite: () => true });
      if (outcome === undefined) throw new Error('no outcome');
      return outcome;
    },
    probe: (notes = [note()]) =>
      transport.probe(
        notes.map((one) => ({ ...one, unknownAttempts: [{ tag: one.tag, place: one.place }] })),
        { signal: new AbortController().signal },
      ),
  };
}

function whatOf(path: string): string {
  if (path.endsWith('/sendMail')) return 'sendMail';
  if (path.endsWith('/move')) return 'move';
  if (/\/users\/[^/]+\/messages$/.test(path)) return 'messages';
  return /\/mailFolders\/(\w+)\/messages$/.exec(path)?.[1] ?? 'get';
}

export function makeNote(transport: Pick<GraphTransport, 'placeOf'>, n: number, fields: Partial<Note> = {}): Note {
  const from = { address: 'alice@contoso.test', name: 'Alice Example' };
  return {
    id: `note-${n}`,
    attempt: 1,
    tag: `note-${n}:1`,
    unknownAttempts: [],
    place: transport.placeOf(fields.from ?? from),
    from,
    to: [{ address: 'bob@contoso.test', name: 'Bob "B" Example' }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 'Alice Example sent you a message in Skype for Business',
    body: { type: 'text', content: `secret text ${n}` },
    sentAt: new Date(0),
    conversationId: `c${n}`,
    entryIds: [`e${n}`],
    ...fields,
  };
}

export const accepted: Answer = { status: 202 };
export const nothing: Answer = { json: { value: [] } };

export function graphError(
  status: number,
  code: string,
  more: { readonly message?: string; readonly headers?: Record<string, string>; readonly inner?: unknown } = {},
): Answer {
  const { message = 'No.', headers = {}, inner } = more;
  return { status, headers, json: { error: { code, message, ...(inner === undefined ? {} : { innerError: inner }) } } };
}

const tagId = 'String {b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147} Name OfflineImTag';

/** A message in a list, with its tag unless specified otherwise. */
export function item(tag: string, fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    id: `id-${tag}`,
    isDraft: false,
    createdDateTime: '2026-01-01T00:00:00Z',
    singleValueExtendedProperties: [{ id: tagId, value: tag }],
    ...fields,
  };
}

export const list = (...value: readonly unknown[]): Answer => ({ json: { value } });

/** A single message, with its flags. */
export function standing(tag: string, flags: number | undefined, fields: Readonly<Record<string, unknown>> = {}): Answer {
  const properties =
    flags === undefined ? {} : { singleValueExtendedProperties: [{ id: 'Integer 0xe07', value: String(flags) }] };
  return { json: { id: `id-${tag}`, isDraft: true, createdDateTime: '2026-01-01T00:00:00Z', ...properties, ...fields } };
}
