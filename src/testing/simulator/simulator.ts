import { checkArgument } from '../../core/arguments.ts';
import { systemClock } from '../../core/clock.ts';
import { text } from '../../core/options.ts';
import { checkRuntime } from '../../core/runtime.ts';
import { Inspector, isInspectors } from '../inspector/inspector.ts';
import { NtlmLogin } from './access/ntlm-login.ts';
import { type CoreOptions, SimulatorCore } from './core.ts';
import { firstDomain } from './exchange.ts';
import { makeCertificate } from './http/certificate.ts';
import { type HttpFront, listen } from './http/server.ts';
import { largestRequest, SimulatedExchange } from './simulated-exchange.ts';
import { storeSeed, withMimeRead } from './store/seeding/seed.ts';

/** Options of {@link startExchangeSimulator}. */
export interface ExchangeSimulatorOptions extends CoreOptions {
  /**
   * Port to listen on; 0 chooses a free one.
   * @default 0
   */
  readonly port?: number;
  /**
   * Address to listen on. The simulator is a test server: leave it on the loopback interface.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Lets web pages call it: those of any origin (`true`), or of one (`'http://127.0.0.1:8080'`). Their browser first sends an
   * OPTIONS request, which the journal does not show. A real Exchange allows this only if someone configured it.
   *
   * @default false
   */
  readonly cors?: boolean | string;
  /**
   * Serves https: with this key and certificate (PEM), or with ones made for this server (`true`), whose authority is
   * `exchange.ca`. Applies to EWS and Graph.
   *
   * @default false
   */
  readonly tls?: boolean | { readonly key: string; readonly cert: string };
  /**
   * The token that the web page and the JSON API require: as `Authorization: Bearer …`, or as `?token=…`. Without it both respond
   * on the loopback interface only, to requests that name this machine.
   * @default none
   */
  readonly token?: string;
}

/** A simulator that listens. {@link startExchangeSimulator} makes one. */
export class ExchangeSimulator extends SimulatedExchange {
  /** With `tls`: the certificate (PEM) that clients must trust, through `NODE_EXTRA_CA_CERTS` or the `ca` of an agent. */
  readonly ca: string | undefined;
  /** The web page that shows mailboxes and journal. */
  readonly pageUrl: string;
  /** Root of the JSON API; its description is `openapi.json` below it. */
  readonly apiUrl: string;
  readonly #front: HttpFront;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(core: SimulatorCore, front: HttpFront, url: string, ca?: string) {
    super(core, url);
    this.ca = ca;
    this.pageUrl = `${this.graphUrl}/_exchange/`;
    this.apiUrl = `${this.graphUrl}/_exchange/api/v1`;
    this.#front = front;
  }

  /** How many connections clients have opened since the start. */
  get connections(): number {
    return this.#front.connections;
  }

  /** Closes every connection, as an idle limit or a restart does. Logins that belong to connections end with them. */
  disconnect(): void {
    this.#front.disconnect();
  }

  /** Destroys every connection, cancels every timer, stops listening. */
  override close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await super.close();
    await this.#front.close();
  }
}

/**
 * Starts an Exchange to test against: that of {@link createExchange}, behind a real HTTP server on the loopback interface. It
 * serves EWS and Graph, delivers between its mailboxes, and fails where a test sets a fault.
 *
 * @example
 * ```ts
 * await using exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
 * exchange.faults.on('CreateItem').nth(2).serverBusy({ backOff: 5000 });
 * // … point the code under test at exchange.url …
 * exchange.mailbox('bob@contoso.test').missedConversations();
 * ```
 */
export function startExchangeSimulator(options: ExchangeSimulatorOptions): Promise<ExchangeSimulator> {
  return startSeeded(options, {});
}

/** As {@link startExchangeSimulator}, with what `load()` takes in it before it listens: whoever reaches it finds it complete. */
export async function startSeeded(options: ExchangeSimulatorOptions, seed: unknown): Promise<ExchangeSimulator> {
  checkRuntime('startExchangeSimulator()');
  const domain = firstDomain(options);
  const names = { domain: domain.split('.')[0]?.toUpperCase() ?? '', dnsDomain: domain, computer: 'SIMULATOR' };
  const core = new SimulatorCore(options, new NtlmLogin(names, options.clock ?? systemClock, options.ntlm ?? 'tolerant'));
  const { host = '127.0.0.1' } = options;
  const authority = String(host).includes(':') ? `[${host}]` : host;
  // Without a name it would listen everywhere, and once it listens nothing may fail.
  const isHost = (value: string): boolean => value !== '' && URL.canParse(`http://${authority}:1/`);
  checkArgument('startExchangeSimulator()', 'host', host, text('an address or a name of this machine', isHost));
  const { clock, profile } = core.exchange;
  if (options.token !== undefined) checkArgument('startExchangeSimulator()', 'token', options.token, text('a non-empty string'));
  const inspector = Promise.withResolvers<Inspector>();
  const tls = options.tls === true ? makeCertificate(Date.now()) : options.tls === false ? undefined : options.tls;
  storeSeed(core.exchange, await withMimeRead(core.exchange, seed));
  const front = await listen({
    host,
    port: options.port ?? 0,
    clock,
    maxRequestBytes: largestRequest(profile.maxRequestBytes),
    cors: options.cors ?? false,
    tls,
    handle: (request) => (isInspectors(request.path) ? inspector.promise.then((it) => it.handle(request)) : core.handle(request)),
  });
  const scheme = tls === undefined ? 'http' : 'https';
  const exchange = new ExchangeSimulator(core, front, `${scheme}://${authority}:${front.port}/EWS/Exchange.asmx`, tls?.cert);
  inspector.resolve(new Inspector(exchange, core, { host, token: options.token }));
  return exchange;
}
