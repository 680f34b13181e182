import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { readTraceparent } from '../core/trace-context.ts';
import type { OfflineImEvents } from '../observability/events.ts';
import type { AttributesLike, ObservedSender, SpanOptionsLike, TracerLike } from './options.ts';

type Settled = OfflineImEvents['note:settled'];

/** Links of a span: collectors cut off long lists. */
const mostLinks = 128;

/** Attributes that are kept to be given again: servers are few, and a host's mistake must not fill the memory. */
const mostKept = 1_000;

/**
 * A span for each attempt of a note, linked to the sends of its messages. Where all of these belong to one trace, the span is part of it: the trace of a web request goes
 * on when its note leaves. It is made once the outcome is known, so that a process that dies leaves none open.
 *
 * A span that is not sampled costs little: it begins with what a sampler may go by, the same object each time, and only one that is recorded is told the rest.
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

/** A send as a link names it. */
type Send = SpanOptionsLike['links'][number];

function sendsOf(traceparents: readonly string[]): Send[] {
  const sends: Send[] = [];
  for (const one of traceparents) {
    const read = readTraceparent(one);
    if (read !== undefined) sends.push({ context: { ...read, isRemote: true } });
  }
  return sends;
}

/** The first of the sends, where all belong to one trace. */
function parentOf(sends: readonly Send[]): Context {
  const first = sends[0]?.context;
  if (first === undefined || !sends.every(({ context }) => context.traceId === first.traceId)) return ROOT_CONTEXT;
  return new ParentContext(trace.wrapSpanContext(first));
}

/** Where the API keeps the span of a context, which it tells nobody but a context. */
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

/** A root context with a span. Those of the API have two maps and three closures each, which cost most of what a span did that is not sampled. */
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

/** What https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ wants said when a span begins. */
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
