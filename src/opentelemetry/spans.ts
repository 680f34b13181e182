import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { readTraceparent } from '../core/trace-context.ts';
import type { OfflineImEvents } from '../observability/events.ts';
import type { AttributesLike, ObservedSender, SpanOptionsLike, TracerLike } from './options.ts';

type Settled = OfflineImEvents['note:settled'];

/** Links of a span: collectors cut off long lists. */
const mostLinks = 128;

/** At most this many attribute objects are cached: servers are few, and a host's mistake must not fill the memory. */
const mostKept = 1_000;

/**
 * A span per attempt of a note, linked to the sends of its messages. If all of these belong to one trace, the span is part of it: the trace of a web request continues
 * when its note is sent. The span is created once the outcome is known, so that a process that dies leaves none open.
 *
 * An unsampled span costs little: it starts with the attributes that a sampler may use, the same object each time; only a recorded span gets the rest.
 */
export function recordSpans(
  tracer: TracerLike,
  sender: ObservedSender,
  { attributes, mailboxes }: { readonly attributes: AttributesLike; readonly mailboxes: boolean },
): () => void {
  const beginnings = { deliver: new Map<string, AttributesLike>(), probe: new Map<string, AttributesLike>() };
  const beginning = ({ kind, endpoint }: Settled): AttributesLike => {
    const kept = beginnings[kind].get(endpoint);
    if (kept !== undefined) return kept;
    const made = { ...attributes, ...operation(kind, endpoint) };
    if (beginnings[kind].size < mostKept) beginnings[kind].set(endpoint, made);
    return made;
  };
  const record = (event: Settled): void => {
    const { kind, at, took, code } = event;
    const sends = sendsOf(event.traceparents);
    const options: SpanOptionsLike = {
      kind: kind === 'deliver' ? SpanKind.PRODUCER : SpanKind.CLIENT,
      startTime: new Date(at.getTime() - took),
      attributes: beginning(event),
      links: sends.length > mostLinks ? sends.slice(0, mostLinks) : sends,
    };
    const span = tracer.startSpan(kind === 'deliver' ? 'send note' : 'probe note', options, parentOf(sends) as never);
    if (span.isRecording()) {
      span.setAttributes(details(event, mailboxes));
      if (code !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(at);
  };
  sender.on('note:settled', record);
  return () => sender.off('note:settled', record);
}

/** A send, as a link. */
type Send = SpanOptionsLike['links'][number];

function sendsOf(traceparents: readonly string[]): Send[] {
  const sends: Send[] = [];
  for (const one of traceparents) {
    const read = readTraceparent(one);
    if (read !== undefined) sends.push({ context: { ...read, isRemote: true } });
  }
  return sends;
}

/** The first send, if all belong to one trace. */
function parentOf(sends: readonly Send[]): Context {
  const first = sends[0]?.context;
  if (first === undefined || !sends.every(({ context }) => context.traceId === first.traceId)) return ROOT_CONTEXT;
  return new ParentContext(trace.wrapSpanContext(first));
}

/** The API's key for the span of a context, which it reveals only to a context. */
const spanKey = (() => {
  let found: symbol | undefined;
  const asking: Context = {
    getValue(key) {
      found = key;
      return undefined;
    },
    setValue: () => ROOT_CONTEXT,
    deleteValue: () => ROOT_CONTEXT,
  };
  trace.getSpan(asking);
  return found;
})();

/** A root context with a span. The API's own have two maps and three closures each: most of the cost of an unsampled span. */
class ParentContext implements Context {
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === spanKey ? this.#span : undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#spread().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#spread().deleteValue(key);
  }

  #spread(): Context {
    return trace.setSpan(ROOT_CONTEXT, this.#span);
  }
}

/** The attributes that https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ requires at the start of a span. */
function operation(kind: Settled['kind'], endpoint: string): AttributesLike {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
  return {
    'messaging.system': 'exchange',
    'messaging.operation.name': kind === 'deliver' ? 'send' : 'probe',
    ...(kind === 'deliver' ? { 'messaging.operation.type': 'send' } : {}),
    ...(host === undefined ? {} : { 'server.address': host }),
  };
}

function details({ noteId, entries, code, attempt, outcome, lane }: Settled, mailboxes: boolean): AttributesLike {
  return {
    'messaging.message.id': noteId,
    'messaging.batch.message_count': entries,
    ...(code === undefined ? {} : { 'error.type': code }),
    'offline_im.attempt': attempt,
    'offline_im.outcome': outcome,
    ...(mailboxes ? { 'offline_im.mailbox': lane } : {}),
  };
}
