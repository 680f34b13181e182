import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler, BasicTracerProvider, ParentBasedSampler } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { activeTraceparent } from '../../src/opentelemetry/open-telemetry.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { telemetryScene } from './scene.ts';

const message = { to: 'sip:bob@contoso.com', text: 'a' };
const requests = new BasicTracerProvider().getTracer('web');

/** A web request that sends: its span, and the resulting traceparent. */
function request() {
  const span = requests.startSpan('POST /orders').spanContext();
  return { span, traceparent: `00-${span.traceId}-${span.spanId}-0${span.traceFlags}` };
}

afterEach(() => context.disable());

it('continues the trace of the request two minutes later', async () => {
  const { telemetry, spans, end } = telemetryScene();
  const { sender, clock } = aliceSends();
  telemetry.observe(sender);
  await sender.start();
  const { span, traceparent } = request();
  await sender.send(message, { traceparent });
  await clock.advance(120_000);
  expect(spans()).toHaveLength(1);
  const [note] = spans();
  expect(note?.spanContext().traceId).toBe(span.traceId);
  expect(note?.parentSpanContext?.spanId).toBe(span.spanId);
  expect(note?.links.map((link) => link.context.spanId)).toEqual([span.spanId]);
  expect(note).toMatchObject({ name: 'send note', kind: SpanKind.PRODUCER, status: { code: SpanStatusCode.UNSET } });
  expect(note?.attributes).toMatchObject({
    'messaging.system': 'exchange',
    'messaging.operation.name': 'send',
    'messaging.batch.message_count': 1,
    'offline_im.attempt': 1,
    'offline_im.outcome': 'delivered',
  });
  expect((note?.endTime[0] ?? 0) * 1_000).toBeCloseTo(clock.now(), -3);
  expect(JSON.stringify(note?.attributes)).not.toContain('contoso');
  await sender.stop();
  await end();
});

it('links a note to every send it contains, once each, in a trace of its own', async () => {
  const { telemetry, spans, end } = telemetryScene();
  const { sender } = aliceSends();
  telemetry.observe(sender);
  const [first, second] = [request(), request()];
  for (const { traceparent } of [first, first, second]) await sender.send(message, { traceparent });
  await sender.send(message);
  await sender.flush();
  const [note, ...more] = spans();
  expect(more).toEqual([]);
  expect(note?.parentSpanContext).toBeUndefined();
  expect(note?.links.map((link) => link.context.traceId)).toEqual([first.span.traceId, second.span.traceId]);
  expect(note?.attributes['messaging.batch.message_count']).toBe(4);
  await sender.stop();
  await end();
});

it('creates a span for each attempt and each probe, with the reason of a failure', async () => {
  const { telemetry, spans, end } = telemetryScene();
  const { sender, clock, transport } = aliceSends();
  telemetry.observe(sender);
  await sender.start();
  const { traceparent } = request();
  const error = new OfflineImError('CONNECTION_LOST', 'gone', {});
  transport.answer = async () => ({ status: 'unconfirmed', scope: 'note', error });
  transport.answerProbe = async () => ({ status: 'found' });
  await sender.send(message, { traceparent });
  await clock.advance(3_600_000);
  const told = spans().map(({ name, kind, attributes, status }) => ({
    name,
    kind,
    outcome: attributes['offline_im.outcome'],
    error: attributes['error.type'],
    status: status.code,
  }));
  expect(told).toEqual([
    {
      name: 'send note',
      kind: SpanKind.PRODUCER,
      outcome: 'unconfirmed',
      error: 'CONNECTION_LOST',
      status: SpanStatusCode.ERROR,
    },
    { name: 'probe note', kind: SpanKind.CLIENT, outcome: 'found', error: undefined, status: SpanStatusCode.UNSET },
  ]);
  await sender.stop();
  await end();
});

it('respects the sampling decision of the caller', async () => {
  const sampler = new ParentBasedSampler({ root: new AlwaysOffSampler() });
  const { telemetry, spans, end } = telemetryScene({}, sampler);
  const { sender } = aliceSends();
  telemetry.observe(sender);
  const { span, traceparent } = request();
  await sender.send(message, { traceparent });
  await sender.send({ ...message, to: 'sip:carol@contoso.com' }, { traceparent: traceparent.replace(/01$/, '00') });
  await sender.send({ ...message, to: 'sip:dan@contoso.com' });
  await sender.flush();
  expect(spans().map((one) => one.parentSpanContext?.spanId)).toEqual([span.spanId]);
  await sender.stop();
  await end();
});

it('returns the trace context of the active span, or none', () => {
  expect(activeTraceparent()).toBeUndefined();
  const { span, traceparent } = request();
  const active = trace.setSpanContext(ROOT_CONTEXT, span);
  context.setGlobalContextManager({
    active: () => active,
    with: (_context, run, _this, ...args) => run(...args),
    bind: (_context, target) => target,
    enable: () => context as never,
    disable: () => context as never,
  });
  expect(activeTraceparent()).toBe(traceparent);
});
