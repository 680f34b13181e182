/**
 * Delivers and probes one note at a hostile server, and says how that ended and how much the process grew by:
 * `node --expose-gc hostile-client.ts <origin> <path> [ews|graph]`. A process of its own, so that nothing else is measured.
 */
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import type { Note, Transport } from '../../../src/transport/contract.ts';

export interface HostileReport {
  readonly code: string;
  readonly status: string;
  readonly probe: string;
  readonly ms: number;
  /** MB, at the highest point, over what the process had after an ordinary exchange. */
  readonly growth: number;
}

const [origin = '', path = '', kind = 'ews'] = process.argv.slice(2);
const credentials = basicAuth({ username: 'alice', password: 'p' });
const transportAt = (where: string, requestTimeout: number): Transport =>
  kind === 'graph'
    ? new GraphTransport({ root: `${origin}/${where}`, credential: async () => ({ token: 'secret.token.abc' }), requestTimeout })
    : new EwsTransport({ url: `${origin}/${where}`, credentials, requestTimeout });

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
    body: { type: 'text', content: 'x' },
    sentAt: new Date(0),
    conversationId: 'c',
    entryIds: ['e'],
  };
}

const options = { signal: new AbortController().signal, mayWrite: () => true };
// An ordinary exchange loads all code, and a large one lets the heap reach its ordinary size.
const warm = transportAt('good', 5_000);
for (let n = 0; n < 20; n++) await warm.deliver([noteFor(warm)], options);
globalThis.gc?.();
const before = process.resourceUsage().maxRSS;

const transport = transportAt(path, 1_500);
const started = performance.now();
const [outcome] = await transport.deliver([noteFor(transport)], options);
const ms = performance.now() - started;
// It reads up to three times, each until the requestTimeout: enough is enough.
const [probe] = await transport.probe([noteFor(transport)], { signal: AbortSignal.timeout(1_500) });
const report: HostileReport = {
  code: outcome !== undefined && 'error' in outcome ? outcome.error.code : 'none',
  status: outcome?.status ?? 'none',
  probe: probe?.status ?? 'none',
  ms: Math.round(ms),
  growth: Math.round((process.resourceUsage().maxRSS - before) / 1024),
};
process.stdout.write(JSON.stringify(report));
process.exit(0);
