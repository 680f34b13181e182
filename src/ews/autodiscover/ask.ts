import type { Limit } from '../../core/clock.ts';
import { newRequestId } from '../../core/text.ts';
import { connectionCode } from '../../transport/connection-errors.ts';
import { checkedResponse, readBody } from '../../transport/fetch.ts';
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
    const response = checkedResponse(await limit.race(send(settings, question, limit)));
    const { status } = response;
    if (redirects.has(status)) {
      await response.body?.cancel().catch(() => undefined);
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
