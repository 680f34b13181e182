import { type Limit, startLimit } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';
import { answerAtOnce } from '../../core/errors/thrown.ts';
import { tell } from '../../core/host-calls.ts';
import { type Asked, ask, isPrivateHost, type Question } from './ask.ts';
import {
  type DiscoveredEws,
  type DiscoverOptions,
  type DiscoverSettings,
  type DiscoverStep,
  discoverSettings,
  maxRedirects,
} from './options.ts';

/** What a search carries along. */
interface Search {
  readonly settings: DiscoverSettings;
  readonly limit: Limit;
  readonly steps: DiscoverStep[];
  /** Hosts that may be asked with the login. */
  readonly trusted: Set<string>;
  address: string;
  /** How often the mailbox had another address. */
  moves: number;
}

/**
 * Finds the EWS address of a mailbox as Microsoft's clients do: Autodiscover v2 (JSON, without a login), then POX with the credentials, at the address's
 * domain and at `autodiscover.` before it; last, an unencrypted request to that name, whose redirect is only a hint.
 *
 * The login goes only to https:// and only to hosts that follow from the address or that `allowHost` approves. From each of these at most ten redirects are followed, and none
 * from elsewhere to a loopback or private address. (Names are not resolved here: a name that resolves to a private address is treated like any
 * other.)
 *
 * @param address SMTP address of the mailbox.
 * @throws {OfflineImError} `ADDRESS_INVALID`; `OPTION_INVALID`; `AUTODISCOVER_FAILED`, whose `details.steps` lists every request and its result
 * @see https://learn.microsoft.com/exchange/client-developer/exchange-web-services/autodiscover-for-exchange
 * @example
 * ```ts
 * const { url } = await discoverEws('alice@contoso.com', { credentials });
 * const transport = new EwsTransport({ url, credentials });
 * ```
 */
export async function discoverEws(address: string, options: DiscoverOptions = {}): Promise<DiscoveredEws> {
  const settings = discoverSettings(options);
  const limit = startLimit(settings.clock, settings.deadline, settings.signal);
  const search: Search = { settings, limit, steps: [], trusted: new Set(), address: checked(address), moves: 0 };
  try {
    const found = await searchFor(search);
    if (found !== undefined) return { ...found, address: search.address, steps: search.steps };
  } finally {
    limit.release();
  }
  const ended = limit.ended();
  const why = ended === undefined ? 'no server knew it' : ended === 'deadline' ? 'the time was up' : 'the search was aborted';
  const text = `The EWS address of ${JSON.stringify(address)} was not found: ${why}, after ${search.steps.length} requests. Set it with the option url.`;
  const cause = ended === 'aborted' ? { cause: settings.signal?.reason } : {};
  throw new OfflineImError('AUTODISCOVER_FAILED', text, { ...cause, details: { steps: search.steps } });
}

type Found = Pick<DiscoveredEws, 'url' | 'service'>;

async function searchFor(search: Search): Promise<Found | undefined> {
  const { settings, address } = search;
  const domain = domainOf(address);
  const hosts = settings.hosts ?? [domain, `autodiscover.${domain}`];
  for (const host of hosts) search.trusted.add(new URL(`https://${host}/`).host);
  const services = settings.credentials === undefined ? (['json'] as const) : (['json', 'pox'] as const);
  for (const service of services) {
    for (const host of hosts) {
      const found = await follow(search, { service, url: urlOf(service, host, address), address });
      if (found !== undefined) return found;
      // The mailbox has another address: the search begins anew with that.
      if (search.address !== address) return searchFor(search);
    }
  }
  if (settings.hosts !== undefined || settings.credentials === undefined) return undefined;
  return follow(search, {
    service: 'hint',
    url: new URL(`http://autodiscover.${domain}/autodiscover/autodiscover.xml`),
    address,
  });
}

/** Asks, and goes where redirects lead as far as they may. */
async function follow(search: Search, first: Question): Promise<Found | undefined> {
  let question: Question | undefined = first;
  // From here, since a page that redirects to itself must not use up what the other hosts need.
  let redirects = 0;
  while (question !== undefined && search.limit.ended() === undefined) {
    const asked: Asked = await askWithin(search, question);
    const to: string | undefined =
      asked.result === 'redirect'
        ? asked.to
        : asked.result === 'answer' && asked.answer.kind === 'redirect'
          ? asked.answer.to
          : undefined;
    if (to !== undefined) {
      const refusal = refusalOf(search, question, to, redirects++);
      note(search, question, asked, refusal === undefined ? 'redirect' : 'refused', refusal ?? `It leads to ${shown(to)}.`);
      question =
        refusal === undefined
          ? { ...question, service: question.service === 'hint' ? 'pox' : question.service, url: new URL(to) }
          : undefined;
    } else if (asked.result === 'answer' && asked.answer.kind === 'url') {
      const { url } = asked.answer;
      const service = question.service === 'json' ? 'json' : 'pox';
      const refusal = refusalOfFound(search, question, url);
      note(search, question, asked, refusal === undefined ? 'found' : 'refused', refusal ?? `EWS is at ${shown(url)}.`);
      return refusal === undefined ? { url: new URL(url).href, service } : undefined;
    } else if (asked.result === 'answer' && asked.answer.kind === 'address') {
      const other = changedAddress(search, asked.answer.address);
      note(
        search,
        question,
        asked,
        other ? 'redirect' : 'refused',
        other ? 'The mailbox has another address.' : 'It names an address that cannot be followed.',
      );
      return undefined;
    } else {
      const text =
        asked.result === 'failed'
          ? asked.text
          : asked.result === 'answer' && asked.answer.kind === 'nothing'
            ? asked.answer.text
            : '';
      note(search, question, asked, asked.result === 'failed' ? 'failed' : 'nothing', text);
      return undefined;
    }
  }
  return undefined;
}

/** ms for one question, so that a host that takes the connection and says nothing leaves time for the others. */
const longestQuestion = 6_000;

async function askWithin({ settings, limit }: Search, question: Question): Promise<Asked> {
  const own = startLimit(settings.clock, Math.min(longestQuestion, settings.deadline), limit.signal);
  try {
    const asked = await ask(settings, question, own);
    const hung = own.ended() === 'deadline' && limit.ended() === undefined;
    return hung ? { result: 'failed', text: `It did not answer within ${longestQuestion} ms.` } : asked;
  } finally {
    own.release();
  }
}

/** Exchange Online's own names, to which its tenants' domains lead. */
const exchangeOnline: ReadonlySet<string> = new Set([
  'outlook.office365.com',
  'autodiscover-s.outlook.com',
  'outlook.office365.us',
  'autodiscover-s.office365.us',
  'partner.outlook.cn',
  'autodiscover-s.partner.outlook.cn',
]);

/** Why the login can't be taken to what was found. */
function refusalOfFound(search: Search, from: Question, found: string): string | undefined {
  const target = URL.canParse(found) ? new URL(found) : undefined;
  if (target === undefined || target.protocol !== 'https:') return 'The address it names is not an https:// URL.';
  if (target.username !== '' || target.password !== '') return 'The address it names has a login in it.';
  if (isPrivateHost(target.hostname) && !isPrivateHost(from.url.hostname)) return 'The address it names is a private one.';
  // Who has seen the login already may say where it goes; who was asked without one may not.
  if (from.service === 'pox' || target.host === from.url.host || mayLead(search, target)) return undefined;
  return `It names ${target.host}, which does not follow from the address; allowHost can allow it.`;
}

function mayLead({ settings, trusted, address }: Search, { host, hostname }: URL): boolean {
  const domain = domainOf(address);
  return (
    trusted.has(host) ||
    exchangeOnline.has(host) ||
    hostname === domain ||
    hostname.endsWith(`.${domain}`) ||
    allows(settings, host)
  );
}

function allows(settings: DiscoverSettings, host: string): boolean {
  try {
    return answerAtOnce(settings.allowHost(host)) === true; // a promise allows nothing
  } catch (cause) {
    throw new OfflineImError('OPTION_INVALID', 'discoverEws: allowHost threw.', { cause, details: { option: 'allowHost' } });
  }
}

/** Why a redirect is not followed. */
function refusalOf({ trusted, settings }: Search, from: Question, to: string, redirects: number): string | undefined {
  const target = URL.canParse(to) ? new URL(to) : undefined;
  if (redirects >= maxRedirects) return `It is the redirect after ${maxRedirects}.`;
  if (target === undefined || target.protocol !== 'https:') return 'It leads to something other than https://.';
  if (target.username !== '' || target.password !== '') return 'It leads to a URL with a login in it.';
  if (isPrivateHost(target.hostname) && !isPrivateHost(from.url.hostname)) return 'It leads from outside to a private address.';
  // The JSON service is asked without a login, but its answer decides where the login goes later.
  if (trusted.has(target.host) || exchangeOnline.has(target.host) || allows(settings, target.host)) return undefined;
  return `It leads to ${target.host}, which does not follow from the address; allowHost can allow it.`;
}

function changedAddress(search: Search, address: string): boolean {
  search.moves += 1;
  if (search.moves > maxRedirects || !isAddress(address) || address.toLowerCase() === search.address.toLowerCase()) return false;
  // Another domain than the one asked for is as much a redirect as another host.
  const domain = domainOf(address);
  const hosts = [domain, `autodiscover.${domain}`];
  if (domain.toLowerCase() !== domainOf(search.address).toLowerCase() && !hosts.every((host) => allows(search.settings, host)))
    return false;
  search.address = address;
  return true;
}

function note(search: Search, question: Question, asked: Asked, code: DiscoverStep['code'], text: string): void {
  const step: DiscoverStep = {
    method: question.service === 'pox' ? 'POST' : 'GET',
    url: question.url.href,
    ...(asked.status === undefined ? {} : { status: asked.status }),
    code,
    text,
  };
  search.steps.push(step);
  tell(() => search.settings.logger?.debug({ step: 'autodiscover', ...step }));
}

function urlOf(service: 'json' | 'pox', host: string, address: string): URL {
  if (service === 'pox') return new URL(`https://${host}/autodiscover/autodiscover.xml`);
  return new URL(`https://${host}/autodiscover/autodiscover.json/v1.0/${encodeURIComponent(address)}?Protocol=EWS`);
}

function checked(address: unknown): string {
  if (isAddress(address)) return address;
  throw new OfflineImError(
    'ADDRESS_INVALID',
    `${quoted(address)} is not an SMTP address; expected one such as alice@contoso.com.`,
  );
}

function isAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 254 || /[\p{Cc}\s<>]/u.test(value)) return false;
  const at = value.lastIndexOf('@');
  const domain = value.slice(at + 1);
  if (at <= 0 || !/^[^/?#\\:@[\]%]+$/.test(domain) || !URL.canParse(`https://${domain}/`)) return false;
  // Also what a URL takes for an address in numbers: 10.1, 2130706433, 0x7f.1
  return !/^[\d.]+$/.test(new URL(`https://${domain}/`).hostname) && URL.canParse(`https://autodiscover.${domain}/`);
}

function domainOf(address: string): string {
  return new URL(`https://${address.slice(address.lastIndexOf('@') + 1)}/`).hostname;
}

function shown(url: string): string {
  return quoted(url);
}
