/**
 * Delivers and probes one note at each path of a hostile server, and reports the results and the growth of the process: `node
 * --expose-gc client.ts <origin> ews|graph fetch|dispatcher <how many at a time> <path>:<ms of a request>:<ms of a probe>…`. A
 * process of its own, so that nothing else is measured.
 */
import { Agent } from 'undici';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import type { Note, Transport } from '../../../src/transport/contract.ts';

export interface HostileReport {
  readonly code: string;
  readonly status: string;
  readonly probe: string;
  /** ms of CPU time until the result, including that of concurrent attacks: real time depends on the machine. */
  readonly cpu: number;
  /** Secrets in retained data: in errors, and in the trace. */
  readonly leaked: readonly string[];
  /** MB, at the peak, above the process after an ordinary exchange. */
  readonly growth: number;
}

const [origin = '', kind = 'ews', way = 'fetch', atATime = '1', ...trials] = process.argv.slice(2);
const carrier = way === 'dispatcher' ? { dispatcher: new Agent() } : {};
const secrets = ['secret.token.abc', 'the-password', 'TheTextOfTheNote'];
const credentials = basicAuth({ username: 'alice', password: 'the-password' });
function transportAt(where: string, requestTimeout: number, keep: (fields: unknown) => void): Transport {
  const logger = { debug: keep, info: keep, warn: keep, error: keep };
  return kind === 'graph'
    ? new GraphTransport({
        root: `${origin}/${where}`,
        credential: async () => ({ token: 'secret.token.abc' }),
        requestTimeout,
        logger,
        ...carrier,
      })
    : new EwsTransport({ url: `${origin}/${where}`, credentials, requestTimeout, logger, ...carrier });
}

function noteFor(transport: Transport): Note {
  const from = { address: 'alice@contoso.test' };
  const place = transport.placeOf(from);
  return {
    id: 'n',
    attempt: 1,
    tag: 'n:1',
    unknownAttempts: [{ tag: 'n:1', place }],
    place,
    from,
    to: [{ address: 'bob@contoso.test' }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 's',
    body: { type: 'text', content: 'TheTextOfTheNote' },
    sentAt: new Date(0),
    conversationId: 'c',
    entryIds: ['e'],
  };
}

const options = { signal: new AbortController().signal, mayWrite: () => true };
// An ordinary exchange loads all code, and a large one lets the heap reach its ordinary size.
const warm = transportAt('good', 5_000, () => {});
for (let n = 0; n < 20; n++) await warm.deliver([noteFor(warm)], options);
globalThis.gc?.();
const before = process.resourceUsage().maxRSS;

async function suffer(path: string, requestTimeout: number, probing: number): Promise<HostileReport> {
  const kept: unknown[] = [];
  const keep = (fields: unknown): void => void kept.push(fields);
  const transport = transportAt(path, requestTimeout, keep);
  const started = process.cpuUsage();
  const [outcome] = await transport.deliver([noteFor(transport)], options);
  const { user, system } = process.cpuUsage(started);
  // It reads several times, each until the requestTimeout: once is enough.
  const [probe] = await transport.probe([noteFor(transport)], {
    signal: AbortSignal.timeout(probing),
  });
  for (const end of [outcome, probe]) {
    if (end === undefined || !('error' in end)) continue;
    const { message, stack, details, cause } = end.error;
    keep({ message, stack, details, cause: String(cause) });
  }
  const text = JSON.stringify(kept);
  return {
    code: outcome !== undefined && 'error' in outcome ? outcome.error.code : 'none',
    status: outcome?.status ?? 'none',
    probe: probe?.status ?? 'none',
    leaked: secrets.filter((secret) => text.includes(secret)),
    cpu: Math.round((user + system) / 1_000),
    growth: Math.round((process.resourceUsage().maxRSS - before) / 1024),
  };
}

const reports: Record<string, HostileReport> = {};
const left = [...trials];
async function sufferOneByOne(): Promise<void> {
  for (let trial = left.shift(); trial !== undefined; trial = left.shift()) {
    const [path = '', requestTimeout, probing] = trial.split(':');
    reports[path] = await suffer(path, Number(requestTimeout), Number(probing));
  }
}
await Promise.all(Array.from({ length: Number(atATime) }, sufferOneByOne));
process.stdout.write(JSON.stringify(reports));
process.exit(0);
