import type { Limit } from '../../core/clock.ts';
import { asOfflineImError } from '../../core/errors/offline-im-error.ts';
import { newRequestId } from '../../core/text.ts';
import { connectionCode } from '../../transport/connection-errors.ts';
import { answerWithin, giveUp, readBody } from '../../transport/fetch.ts';
import { type Answer, poxQuestion, readJson, readPox } from './answers.ts';
import { type DiscoverSettings, maxAnswerBytes } from './options.ts';

/** A question to one URL. */
export interface Question {
  readonly service: 'json' | 'pox' | 'hint';
  readonly url: URL;
  readonly address: string;
}

/** What came of it, with the status where there was an answer at all. */
export type Asked = { readonly status?: number } & (
  | { readonly result: 'answer'; readonly answer: Answer }
  | { readonly result: 'redirect'; readonly to: string }
  | { readonly result: 'failed'; readonly text: string }
);

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Asks once, and follows nothing: where a redirect leads is for the search to judge. The login goes along with POX only. */
export async function ask(settings: DiscoverSettings, question: Question, limit: Limit): Promise<Asked> {
  try {
    const response = await answerWithin(limit, send(settings, question, limit));
    const { status } = response;
    if (redirects.has(status)) {
      giveUp(response);
      const location = response.headers.get('location');
      if (location === null) return { status, result: 'failed', text: 'It is a redirect that names no target.' };
      if (!URL.canParse(location, question.url.href))
        return { status, result: 'failed', text: 'It is a redirect to something that is no URL.' };
      return { status, result: 'redirect', to: new URL(location, question.url).href };
    }
    const text = await readBody(response, maxAnswerBytes, limit);
    if (question.service === 'hint') return { status, result: 'failed', text: 'It is no redirect.' };
    // The JSON service says with a 4xx why it knows nothing.
    const answer = question.service === 'json' ? readJson(text) : readPox(text);
    if (status !== 200) return { status, result: 'failed', text: answer.kind === 'nothing' ? answer.text : `HTTP ${status}.` };
    return { status, result: 'answer', answer };
  } catch (error) {
    const own = asOfflineImError(error);
    // An answer that came, in a sentence of our own.
    if (own?.code === 'RESPONSE_UNREADABLE' || own?.code === 'RESPONSE_TOO_LARGE') return { result: 'failed', text: own.message };
    const code = connectionCode(error);
    return { result: 'failed', text: code === undefined ? 'There was no usable answer.' : `There was no answer (${code}).` };
  }
}

async function send({ fetch, credentials, clock }: DiscoverSettings, question: Question, limit: Limit): Promise<Response> {
  const { service, url, address } = question;
  const common = { signal: limit.signal, redirect: 'manual', credentials: 'omit' } as const;
  const headers = { 'client-request-id': newRequestId(), 'return-client-request-id': 'true' };
  if (service !== 'pox')
    return fetch(url, { ...common, headers: service === 'json' ? { ...headers, accept: 'application/json' } : headers });
  const body = poxQuestion(address);
  const post = (
    login: Readonly<Record<string, string>>,
    options: { readonly body?: 'request' | 'none'; readonly fetch?: typeof fetch } = {},
  ) =>
    (options.fetch ?? fetch)(url, {
      ...common,
      method: 'POST',
      headers: { ...headers, 'content-type': 'text/xml; charset=utf-8', accept: 'text/xml', ...login },
      ...(options.body === 'none' ? {} : { body }),
    });
  return credentials === undefined ? post({}) : credentials.authenticate(post, { url: url.href, signal: limit.signal, clock });
}

/** Names that lead to this machine, this network or a cloud's own services, whoever resolves them; with those that RFC 6762 (appendix G) found in use. */
const privateNames = /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)$/;

/**
 * Loopback, link-local, private and reserved addresses in every spelling, also within IPv6, and names that stay inside: where no
 * redirect from outside may lead. `hostname` as `URL` gives it.
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.+$/, '');
  if (name.startsWith('[')) return isPrivateV6(groupsOf(name.slice(1, -1)));
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(name)?.slice(1).map(Number);
  if (parts !== undefined) return isPrivateV4(parts);
  return !name.includes('.') || privateNames.test(name);
}

function isPrivateV4([first = 0, second = 0, third = 0]: readonly number[]): boolean {
  if (first === 0 || first === 10 || first === 127 || first >= 224) return true;
  if (first === 100) return second >= 64 && second < 128;
  if (first === 169) return second === 254;
  if (first === 172) return second >= 16 && second < 32;
  if (first === 192) return second === 168 || (second === 0 && (third === 0 || third === 2));
  if (first === 198) return second === 18 || second === 19 || (second === 51 && third === 100);
  return first === 203 && second === 0 && third === 113;
}

function isPrivateV6(groups: readonly number[]): boolean {
  const [a = 0, b = 0, c = 0, , , , g = 0, h = 0] = groups;
  const v4 = (high: number, low: number): boolean => isPrivateV4([high >> 8, high & 0xff, low >> 8, low & 0xff]);
  const zeros = groups.slice(0, 5).every((group) => group === 0);
  // ::, ::1, IPv4 in its compatible and its mapped form.
  if (zeros && (groups[5] === 0 || groups[5] === 0xffff)) return v4(g, h);
  if (a === 0x64 && b === 0xff9b) return c !== 0 || v4(g, h); // NAT64; 64:ff9b:1::/48 is for local use
  if (a === 0x2002) return v4(b, c); // 6to4
  if (a === 0x2001) return b < 0x200 || b === 0xdb8; // Teredo, which hides an address, ORCHID and other protocols; documentation
  if (a === 0x3fff && b < 0x1000) return true; // documentation
  // Only 2000::/3 is given out: what lies outside is of this link, this site, a translator's (::ffff:0:127.0.0.1) or nobody's.
  return (a & 0xe000) !== 0x2000;
}

/** The eight groups; `URL` has checked the address and brought it into its shortest form. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [start, end] = [numbers(head), numbers(tail ?? '')];
  return [...start, ...Array<number>(Math.max(0, 8 - start.length - end.length)).fill(0), ...end];
}
