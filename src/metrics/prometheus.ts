import { checkArgument, objectWith } from '../core/arguments.ts';
import type { SenderStats, StatsOptions } from '../observability/stats.ts';
import { spoolStates } from '../spool/contract.ts';

/** The parts of a sender that {@link prometheusText} needs. */
export interface MeasuredSender {
  /** As `OfflineImSender.stats()`. */
  stats(options?: StatsOptions): Promise<SenderStats>;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: string, value: number])[];
}

/**
 * Returns the gauges of a sender for a Prometheus server, in the text format (`text/plain; version=0.0.4`). No mailbox and no address becomes a label.
 *
 * Costs what `sender.stats({ limit: 1 })` costs: counting, and reading one entry.
 *
 * @throws {OfflineImError} `OPTION_INVALID`, and as `sender.stats()` does
 * @example
 * ```ts
 * createServer(async (_request, response) => {
 *   response.setHeader('content-type', 'text/plain; version=0.0.4');
 *   response.end(await prometheusText(sender));
 * }).listen(9464, '127.0.0.1');
 * ```
 */
export async function prometheusText(sender: MeasuredSender): Promise<string> {
  checkArgument('prometheusText()', 'sender', sender, objectWith('an OfflineImSender', { stats: 'function' }));
  const { states, blocked, unavailable, paused, oldest, lastMinute } = await sender.stats({ limit: 1 });
  const metrics: readonly Metric[] = [
    {
      name: 'offline_im_entries',
      help: 'Entries in the spool by state.',
      samples: spoolStates.map((state) => [`{state="${state}"}`, states[state]]),
    },
    {
      name: 'offline_im_oldest_waiting_seconds',
      help: 'Age of an entry that has waited longest, as far as was looked; 0 when none waits.',
      samples: [['', (oldest ?? 0) / 1_000]],
    },
    {
      name: 'offline_im_blocked_mailboxes',
      help: 'Mailboxes that this process cannot use until someone acts.',
      samples: [['', blocked.length]],
    },
    {
      name: 'offline_im_unavailable_endpoints',
      help: 'Servers that this process cannot reach, or that refuse everybody.',
      samples: [['', unavailable.length]],
    },
    {
      name: 'offline_im_paused',
      help: '1 while an operator has paused every mailbox.',
      samples: [['', paused.some(({ lane }) => lane === undefined) ? 1 : 0]],
    },
    {
      name: 'offline_im_paused_mailboxes',
      help: 'Mailboxes that an operator has paused by name.',
      samples: [['', paused.filter(({ lane }) => lane !== undefined).length]],
    },
    {
      name: 'offline_im_last_minute_entries',
      help: 'Entries of the last minute in this process by what happened to them.',
      samples: Object.entries(lastMinute).map(([event, count]) => [`{event="${event}"}`, count] as const),
    },
  ];
  return metrics.map(textOf).join('');
}

function textOf({ name, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}
