import { checkArgument, objectWith } from '../core/arguments.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { loggedClock } from '../core/host-calls.ts';
import type { Logger } from '../observability/trace.ts';
import type { Audience } from '../transport/contract.ts';
import { dispatcherOption, fetchOver, oneWay } from '../transport/dispatcher.ts';
import { isLoopback, repeatsOf, steadyFetch } from '../transport/fetch.ts';
import type { GraphTransportOptions, MailboxCredential, TokenCredential } from './options.ts';

/** {@link GraphTransportOptions}, checked and complete. */
export interface GraphSettings {
  readonly credential: TokenCredential | MailboxCredential;
  /** Without a version and without a slash at its end. */
  readonly root: string;
  readonly userOf: (address: string) => string;
  readonly messageClasses: Readonly<Record<Audience, string>>;
  readonly requestTimeout: number;
  readonly maxResponseBytes: number;
  readonly minimumGrace: number;
  readonly draftAge: number;
  readonly messagesPerMinute: number;
  readonly keepCopyIn: 'conversationhistory' | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** Below `IPM.Note`, so that it survives; Outlook's Missed Conversations shows it. */
export const missedClass = 'IPM.Note.Microsoft.Missed';
/** An ordinary mail. */
export const plainClass = 'IPM.Note';

/** Rejects what can't work at once, rather than at the first message. */
export function settingsOf(options: GraphTransportOptions): GraphSettings {
  checkArgument('GraphTransport', 'options', options, objectWith('{ credential, … }', {}));
  const { credential, userOf, messageClasses = {}, keepCopyIn, fetch } = options;
  const dispatcher = dispatcherOption.read(options.dispatcher, { owner: 'GraphTransport', name: 'dispatcher' });
  oneWay('GraphTransport', dispatcher, fetch);
  const given = dispatcher === undefined ? fetch : fetchOver(dispatcher);
  if (typeof credential !== 'function' && typeof credential?.getToken !== 'function') {
    throw invalid('credential', 'must be a credential with getToken(), or a function that gives the token of a mailbox');
  }
  if (userOf !== undefined && typeof userOf !== 'function') throw invalid('userOf', 'must be a function');
  if (keepCopyIn !== undefined && keepCopyIn !== 'conversationhistory') {
    throw invalid('keepCopyIn', "must be 'conversationhistory', or left out");
  }
  return {
    credential,
    root: checkedRoot(options.root ?? 'https://graph.microsoft.com'),
    userOf: userOf ?? ((address) => address),
    messageClasses: {
      'same-organization': checkedClass('same-organization', messageClasses['same-organization'] ?? missedClass),
      federated: checkedClass('federated', messageClasses.federated ?? plainClass),
    },
    requestTimeout: inRange('requestTimeout', options.requestTimeout ?? 60_000, 1, 3_600_000),
    maxResponseBytes: inRange('maxResponseBytes', options.maxResponseBytes ?? 1_048_576, 1024, 1_073_741_824),
    minimumGrace: inRange('minimumGrace', options.minimumGrace ?? 600_000, 0, 86_400_000),
    draftAge: inRange('draftAge', options.draftAge ?? 86_400_000, 0, 30 * 86_400_000),
    messagesPerMinute: inRange('messagesPerMinute', options.messagesPerMinute ?? 30, 1, 1_000_000),
    keepCopyIn,
    // Graph is asked by pages directly: nothing can stand between, and nothing there can be promised.
    fetch: given ?? steadyFetch('GraphTransport', { answersClose: repeatsOf(globalThis) === 'unknown' }),
    logger: options.logger,
    clock: loggedClock(options.clock ?? systemClock, options.logger),
  };
}

function checkedRoot(value: string | URL): string {
  const url = URL.canParse(String(value)) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid('root', 'must be an absolute https:// URL');
  }
  if (url.username !== '' || url.password !== '') throw invalid('root', 'must not hold a login; pass a credential');
  if (url.search !== '' || url.hash !== '') throw invalid('root', 'must have neither a query nor a fragment');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const text = `GraphTransport: ${url.origin} is not encrypted, so tokens would travel in the clear. Use https://.`;
    throw new OfflineImError('INSECURE_URL', text, { details: { option: 'root' } });
  }
  const root = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  if (/\/(v\d+\.\d+|beta)(\/|$)/i.test(url.pathname)) throw invalid('root', 'must not hold a version; it is added to it');
  return root;
}

/** Words with dots between them. */
function checkedClass(audience: Audience, value: unknown): string {
  if (typeof value === 'string' && value.length <= 255 && /^\w+(\.\w+)*$/.test(value)) return value;
  throw invalid(`messageClasses['${audience}']`, `must be a message class such as ${missedClass}`);
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const found = typeof value === 'number' ? value : typeof value;
  const text = `GraphTransport: ${name} is ${found}; it must be an integer from ${least} to ${most}.`;
  throw new OfflineImError('OPTION_INVALID', text, { details: { option: name, least, most } });
}

function invalid(option: string, must: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `GraphTransport: ${option} ${must}.`, { details: { option } });
}
