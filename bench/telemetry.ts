/**
 * What OpenTelemetry costs when a spool drains: `npm run bench:telemetry`. An SqliteSpool with a note for each message and a transport that answers at once,
 * with nothing, with metrics, and with metrics and traces at 1 % and at 100 %; in turns, medians of the rounds. A goal that is missed is shown; nothing fails by time.
 *
 * OFFLINE_IM_BENCH_NOTES and OFFLINE_IM_BENCH_ROUNDS make it shorter.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from '../src/opentelemetry/open-telemetry.ts';
import { OfflineImSender } from '../src/sender/sender.ts';
import { SqliteSpool } from '../src/spool/sqlite/sqlite-spool.ts';
import type { Transport } from '../src/transport/contract.ts';
import { compared, median } from './median.ts';
import { aim, printTable, type Row, rate } from './table.ts';

const count = Number(process.env.OFFLINE_IM_BENCH_NOTES ?? 20_000);
const rounds = Number(process.env.OFFLINE_IM_BENCH_ROUNDS ?? 5);

const contenders = [
  { name: 'nothing', metrics: false, sampled: undefined, most: undefined },
  { name: 'metrics', metrics: true, sampled: undefined, most: 0.05 },
  { name: 'metrics, traces at 1 %', metrics: true, sampled: 0.01, most: 0.1 },
  { name: 'metrics, every span', metrics: true, sampled: 1, most: undefined },
] as const;

const transport: Transport = {
  name: 'at once',
  deliver: async (notes) => notes.map(({ messageClass }) => ({ status: 'delivered', messageClass })),
  probe: async (notes) => notes.map(() => ({ status: 'absent' })),
  placeOf: ({ address }) => ({ endpoint: 'https://mail.contoso.test/EWS/Exchange.asmx', mailbox: address, folder: 'sent' }),
};

/** Messages of one drain for each second of the processor: other programs on the machine, and the disk, change the clock's by far more than what is measured. */
async function drain({ metrics, sampled }: (typeof contenders)[number]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-bench-'));
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 1_000,
    exportTimeoutMillis: 1_000,
  });
  const meterProvider = metrics && new MeterProvider({ readers: [reader] });
  const spans = new BatchSpanProcessor(new InMemorySpanExporter());
  const tracerProvider =
    sampled !== undefined &&
    new BasicTracerProvider({
      spanProcessors: [spans],
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampled) }),
    });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new SqliteSpool({ path: join(folder, 'spool.db') }),
    transport,
  });
  openTelemetry({ meterProvider, tracerProvider }).observe(sender);
  const messages = Array.from({ length: count }, (_, index) => ({
    to: 'bob@contoso.test',
    text: 'Are you there?',
    conversationId: `c${index}`,
  }));
  // The trace of whoever sends, sampled as often.
  const sendWith = async (part: typeof messages, flag: '00' | '01'): Promise<void> => {
    await sender.sendMany(part, { traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-${flag}` });
  };
  const taken = Math.round(count * (sampled ?? 0));
  await sendWith(messages.slice(0, taken), '01');
  await sendWith(messages.slice(taken), '00');
  globalThis.gc?.();
  const before = process.cpuUsage();
  await sender.flush();
  const { user, system } = process.cpuUsage(before);
  await sender.stop();
  if (meterProvider !== false) await meterProvider.shutdown();
  await spans.shutdown();
  await rm(folder, { recursive: true, force: true });
  return (1_000_000 * count) / (user + system);
}

const rates = new Map(contenders.map(({ name }) => [name, [] as number[]]));
// Each starts as often before as behind the others, and the first round warms up.
for (let round = 0; round <= rounds; round++) {
  const order = round % 2 === 0 ? contenders : contenders.toReversed();
  for (const one of order) {
    const figure = await drain(one);
    if (round > 0) rates.get(one.name)?.push(figure);
  }
}
const base = rates.get('nothing') ?? [];
const rows = contenders.slice(1).map(({ name, most }): Row => {
  const own = rates.get(name) ?? [];
  return {
    what: name,
    figure: rate(median(own)),
    against: `without telemetry (${rate(median(base))})`,
    ...compared(own, base),
    ...aim(
      most === undefined ? undefined : { atLeast: 1 - most },
      'three histograms take a value of each message, an event of it and one of its note are made only since somebody listens, and every second the SDK asks for `stats()`.',
    ),
  };
});
console.log(`node ${process.version}, ${count} notes of one message, SqliteSpool, medians of ${rounds} rounds`);
printTable(rows);
