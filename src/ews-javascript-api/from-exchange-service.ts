import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';
import { EwsTransport } from '../ews/ews-transport.ts';
import type { EwsServerVersion, EwsTransportOptions } from '../ews/options.ts';
import type { Transport } from '../transport/contract.ts';
import { type ExchangeServiceLike, envelopeOf } from './envelope.ts';
import { carryingFetch } from './fetch.ts';

/** Options of {@link fromExchangeService}: those of `EwsTransport`, without what the service itself provides. */
export type FromExchangeServiceOptions = Omit<EwsTransportOptions, 'url' | 'credentials' | 'fetch' | 'impersonate'>;

const defaultMaxResponseBytes = 2_097_152;

/**
 * Delivers notes through an `ExchangeService` of ews-javascript-api that the host has configured already: its URL, login,
 * impersonation, headers, proxy and certificates count, also when they change later (only the URL is taken once).
 *
 * The service writes the envelope and its XHR carries the bytes. What is in the envelope, deadlines, and what an answer
 * means are this library's: so no text becomes elements, no request hangs, and a warning is no success.
 *
 * Throws `OPTION_INVALID` when the service has no URL, or an option is out of its range, and `INSECURE_URL` as
 * `EwsTransport` does.
 *
 * @param service From version 0.15.3 of the library on. It is not changed, and the host may go on using it.
 *
 * @example
 * ```ts
 * import { ExchangeService, Uri, WebCredentials } from 'ews-javascript-api';
 * import { fromExchangeService } from 'offline-im/ews-javascript-api';
 *
 * const service = new ExchangeService();
 * service.Url = new Uri('https://mail.contoso.com/EWS/Exchange.asmx');
 * service.Credentials = new WebCredentials('alice@contoso.com', password);
 * const transport = fromExchangeService(service);
 * ```
 */
export function fromExchangeService(service: ExchangeServiceLike, options: FromExchangeServiceOptions = {}): Transport {
  if (typeof property(service, 'GetRoomLists') !== 'function') {
    throw new OfflineImError('OPTION_INVALID', 'fromExchangeService: service must be an ExchangeService of ews-javascript-api.');
  }
  const url = service.Url?.AbsoluteUri;
  if (url === undefined) throw new OfflineImError('OPTION_INVALID', 'fromExchangeService: the Url of the service is not set.');
  const maxResponseBytes = options.maxResponseBytes ?? defaultMaxResponseBytes;
  const transport = new EwsTransport({
    serverVersion: versionOf(service.RequestedServerVersion),
    ...options,
    url,
    credentials: {
      scheme: 'ews-javascript-api',
      authenticate: async (send) => {
        const envelope = await envelopeOf(service);
        return send({}, { fetch: carryingFetch({ xhr: service.XHRApi, envelope, maxResponseBytes }) });
      },
    },
  });
  return {
    name: 'ews-javascript-api',
    requestTimeout: transport.requestTimeout,
    deliver: (notes, deliverOptions) => transport.deliver(notes, deliverOptions),
    probe: (notes, probeOptions) => transport.probe(notes, probeOptions),
    placeOf: (from) => transport.placeOf(from),
    canProbe: (place) => transport.canProbe(place),
    verify: (from, verifyOptions) => transport.verify(from, verifyOptions),
  };
}

/** The library's numbers of schema versions; beyond them come those that are named by dates. */
const versions: readonly EwsServerVersion[] = [
  'Exchange2010_SP2', // 2007 SP1, 2010 and 2010 SP1 know too little
  'Exchange2010_SP2',
  'Exchange2010_SP2',
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016',
];

function versionOf(version: number): EwsServerVersion {
  return versions[version] ?? 'Exchange2016';
}
