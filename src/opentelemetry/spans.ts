import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { readTraceparent } from '../core/trace-context.ts';
import type { OfflineImEvents } from '../observability/events.ts';
import type { AttributesLike, ObservedSender, SpanOptionsLike, TracerLike } from './options.ts';

type Settled = OfflineImEvents['note:settled'];

/** Links of a span: collectors cut off long lists. */
const mostLinks = 128;

/**
 * A span for each attempt of a note, linked to the sends of its messages. Where all of these belong to one trace, the span is part of it: the trace of a web request goes
 * on when its note leaves. It is made once the outcome is known, so that a process that dies leaves none open.
 */
export function recordSpans(
  tracer: TracerLike,
  sender: ObservedSender,
  { attributes, mailboxes }: { readonly attributes: AttributesLike; readonly mailboxes: boolean },
): () => void {
  const record = (event: Settled): void => {
    const sends = event.traceparents.flatMap((one) => readTraceparent(one) ?? []).map((one) => ({ ...one, isRemote: true }));
    const [first, ...others] = sends;
    const parent = others.every(({ traceId }) => traceId === first?.traceId) ? first : undefined;
    const options: SpanOptionsLike = {
      kind: event.kind === 'deliver' ? SpanKind.PRODUCER : SpanKind.CLIENT,
      startTime: new Date(event.at.getTime() - event.took),
      attributes: { ...attributes, ...conventional(event), ...own(event, mailboxes) },
      links: sends.slice(0, mostLinks).map((context) => ({ context })),
    };
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
    const span = tracer.startSpan(event.kind === 'deliver' ? 'send note' : 'probe note', options, context as never);
    if (event.code !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(event.at);
  };
  sender.on('note:settled', record);
  return () => sender.off('note:settled', record);
}

/** https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ */
function conventional({ kind, noteId, entries, endpoint, code }: Settled): AttributesLike {
  const host = hostOf(endpoint);
  return {
    'messaging.system': 'exchange',
    'messaging.operation.name': kind === 'deliver' ? 'send' : 'probe',
    ...(kind === 'deliver' ? { 'messaging.operation.type': 'send' } : {}),
    'messaging.message.id': noteId,
    'messaging.batch.message_count': entries,
    ...(host === undefined ? {} : { 'server.address': host }),
    ...(code === undefined ? {} : { 'error.type': code }),
  };
}

function own({ attempt, outcome, lane }: Settled, mailboxes: boolean): AttributesLike {
  return {
    'offline_im.attempt': attempt,
    'offline_im.outcome': outcome,
    ...(mailboxes ? { 'offline_im.mailbox': lane } : {}),
  };
}

function hostOf(endpoint: string): string | undefined {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
}
