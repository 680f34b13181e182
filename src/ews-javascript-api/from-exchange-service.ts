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
 * Delivers notes through a configured `ExchangeService` of ews-javascript-api: its URL, login,
 * impersonation, headers, proxy and certificates count, also when they change later (only the URL is read once).
 *
 * The service writes the envelope, and its XHR sends it. This library writes the content, sets deadlines and interprets
 * responses: text is escaped, no request hangs, and a warning is not a success.
 *
 * @throws {OfflineImError} `OPTION_INVALID` if the service has no URL, or an option is out of range; `INSECURE_URL` as
 * `EwsTransport` does
 *
 * @param service Of version 0.15.3 or later of the library. It is not changed, and you may go on using it.
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
