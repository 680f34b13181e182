import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { resolve } from 'node:path';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { bearerAuth } from '../../ews/auth/bearer-auth.ts';
import { basicAuth, type Credentials } from '../../ews/auth/credentials.ts';
import { fetchThrough } from '../../ews/auth/ntlm/connection.ts';
import { ntlmAuth } from '../../ews/auth/ntlm/ntlm-auth.ts';
import { discoverEws } from '../../ews/autodiscover/discover.ts';
import { EwsTransport } from '../../ews/ews-transport.ts';
import { GraphTransport } from '../../graph/graph-transport.ts';
import type { Transport } from '../../transport/contract.ts';
import type { Call } from '../command.ts';
import { UsageError } from '../exit-codes.ts';
import type { Config, EwsConfig, GraphConfig } from './config.ts';

type Place = Pick<Call, 'env' | 'cwd' | 'secrets'>;

/** ms. */
const hour = 3_600_000;

/** The login of a config. @throws {UsageError} */
export function credentialsOf({ login = 'basic', username, password, token, ca }: EwsConfig, place: Place): Credentials {
  if (login === 'bearer') {
    const read = tokenReader('ews.token', token, place);
    return bearerAuth({ getToken: async () => ({ token: read() }) });
  }
  if (username === undefined) throw new UsageError('The login needs ews.username.');
  const pair = { username, password: place.secrets.read('ews.password', password, place) };
  return login === 'basic'
    ? basicAuth(pair)
    : ntlmAuth({ ...pair, ...(ca === undefined ? {} : { ca: certificates(ca, place) }) });
}

/** Reads a token anew for whoever asks for one: a worker outlives it, and another program may have renewed its file. @throws {UsageError} at first; later the last one is used on */
function tokenReader(name: string, given: unknown, place: Place): () => string {
  let last = place.secrets.read(name, given, place);
  return () => {
    try {
      last = place.secrets.read(name, given, place) || last;
    } catch {
      // It is just being replaced, or its rights were changed.
    }
    return last;
  };
}

export function certificates(file: string, { cwd }: Pick<Place, 'cwd'>): string {
  try {
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch {
    throw new UsageError(`ca: ${JSON.stringify(file)} can't be read.`);
  }
}

/** A `fetch` with the certificates of a config, since Node's own takes none. Credentials with their own `fetch` have their own certificates. */
export function trusting(
  { ca }: EwsConfig,
  credentials: Pick<Credentials, 'fetch'>,
  place: Pick<Place, 'cwd'>,
): { readonly fetch?: typeof globalThis.fetch } {
  return ca === undefined || credentials.fetch !== undefined ? {} : { fetch: fetchTrusting(certificates(ca, place)) };
}

export function fetchTrusting(ca: string): typeof globalThis.fetch {
  return fetchThrough(new Agent({ ca }), true);
}

/** A transport to Exchange at that address. */
export function ewsAt(url: string, credentials: Credentials, ews: EwsConfig, place: Place): EwsTransport {
  return configured(() => new EwsTransport({ url, credentials, ...trusting(ews, credentials, place) }));
}

export function graphOf({ root, token }: GraphConfig, place: Place): GraphTransport {
  const read = tokenReader('graph.token', token, place);
  const credential = { getToken: async () => ({ token: read(), expiresOnTimestamp: Date.now() + hour }) };
  return configured(() => new GraphTransport({ credential, ...(root === undefined ? {} : { root }) }));
}

/** Refusals of a transport's constructor come from the command line or the config. @throws {UsageError} */
function configured<Made extends Transport>(make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    throw error instanceof OfflineImError ? new UsageError(error.message) : error;
  }
}

/** The transport that a config describes. @throws {UsageError} */
export async function transportOf(config: Config, mailbox: string, place: Place, signal: AbortSignal): Promise<Transport> {
  if (config.transport !== undefined) return config.transport;
  if (config.graph !== undefined) return graphOf(config.graph, place);
  if (config.ews === undefined) throw new UsageError('Which server? Name ews or graph in offline-im.config.json.');
  const credentials = credentialsOf(config.ews, place);
  const discovered = async (ews: EwsConfig): Promise<string> =>
    (await discoverEws(mailbox, { credentials, signal, ...trusting(ews, credentials, place) })).url;
  const { url = await discovered(config.ews) } = config.ews;
  return ewsAt(url, credentials, config.ews, place);
}
