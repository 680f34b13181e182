import { tell } from '../core/host-calls.ts';
import { actions } from './actions.ts';
import { script, style } from './assets.ts';
import { doneBy, formOf, isCrossSite, Signatures } from './csrf.ts';
import { History } from './history.ts';
import { live } from './live.ts';
import { message } from './message.ts';
import { failed, messages } from './messages.ts';
import { checkedUser, type DashboardOptions, type DashboardSettings, dashboardSettings } from './options.ts';
import { overview } from './overview.ts';
import { headers, type View } from './page.ts';

/** The handler that {@link dashboard} returns: call it with each request below its path. */
export interface Dashboard {
  (request: Request): Promise<Response>;
  /** Ends its sampling and the event streams of open pages, so that your server can close. The spool stays open: it is yours. */
  close(): void;
}

/** Bytes of a form. */
const longestForm = 65_536;

/**
 * Pages for operators of a spool: states over time, mailboxes and their obstacles, search, a message's history, dead letters, pause and resume. Users who may read texts see them
 * on request, and each reading is audited. docs/dashboard.md shows it behind node:http, Express, Fastify and Hono.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const handler = dashboard({
 *   spool,
 *   basePath: '/admin/messages',
 *   authorize: async (request) => {
 *     const session = await sessionOf(request);
 *     return session?.isOperator ? { user: session.name, mayChange: true, mayReadText: false } : new Response('Sign in first.', { status: 401 });
 *   },
 * });
 * ```
 */
export function dashboard(options: DashboardOptions): Dashboard {
  const settings = dashboardSettings(options);
  const history = new History(settings.clock, async () => (await settings.spool.stats()).states);
  const signatures = new Signatures(settings.secret);
  const handle = (request: Request): Promise<Response> => answered(settings, history, signatures, request);
  return Object.assign(handle, { close: () => history.end() });
}

/** Returns only the head for HEAD: an event stream would have no reader. */
async function answered(
  settings: DashboardSettings,
  history: History,
  signatures: Signatures,
  request: Request,
): Promise<Response> {
  const answer = await answerTo(settings, history, signatures, request);
  const { status, headers: own, body } = answer;
  if (request.method !== 'HEAD' || body === null) return answer;
  // The body may be authorize()'s own, which may fail or be slow.
  tell(() => body.cancel());
  return new Response(null, { status, headers: own });
}

async function answerTo(
  settings: DashboardSettings,
  history: History,
  signatures: Signatures,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  const { basePath, spool } = settings;
  if (url.pathname !== basePath && !url.pathname.startsWith(`${basePath}/`)) return plain(404, 'Not found.');
  const path = url.pathname.slice(basePath.length) || '/';
  // Called for files too: without a login no request reveals that the dashboard exists.
  const allowed = await settings
    .authorize(withoutBody(request))
    .then(
      (given) => (isResponse(given) ? given : checkedUser(given)),
      () => undefined,
    )
    .catch(() => undefined);
  if (allowed === undefined) return plain(500, 'The user could not be identified.');
  if (isResponse(allowed)) return allowed;
  const view: View = {
    basePath,
    user: allowed,
    token: await signatures.of(formOf(allowed.user)),
    done: await doneIn(url.searchParams, signatures, allowed.user),
  };
  const own = spool.as(allowed.user);
  try {
    if (request.method === 'POST') return await post(view, own, signatures, request, path);
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET and POST are answered.');
    switch (path) {
      case '/':
        return await overview(view, own, history);
      case '/messages':
        return await messages(view, own, url.searchParams, request.signal);
      case '/find':
      case '/message':
        return await message(view, own, url.searchParams.get('id') ?? '', false);
      case '/events':
        return live(history, settings.clock);
      case '/dashboard.css':
        return file(style, 'text/css');
      case '/dashboard.js':
        return file(script, 'text/javascript');
      default:
        return plain(404, 'Not found.');
    }
  } catch (error) {
    return failed(view, error);
  }
}

/** The action done, only if signed by this page: otherwise a foreign link could show any text. */
async function doneIn(query: URLSearchParams, signatures: Signatures, user: string): Promise<string | undefined> {
  const done = query.get('done');
  return done !== null && (await signatures.fits(query.get('by'), doneBy(user, done))) ? done : undefined;
}

async function post(
  view: View,
  spool: Parameters<typeof message>[1],
  signatures: Signatures,
  request: Request,
  path: string,
): Promise<Response> {
  const type = request.headers.get('content-type') ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) return plain(415, 'Only form data is accepted.');
  if (isCrossSite(request)) return plain(403, 'This request came from another site.');
  const body = await bodyWithin(request, longestForm);
  if (body === undefined) return plain(413, 'The form is too large.');
  const fields = new URLSearchParams(body);
  if (!(await signatures.fits(fields.get('token'), formOf(view.user.user))))
    return plain(403, 'This form belongs to another user or has expired: reload the page.');
  if (path === '/text') {
    if (!view.user.mayReadText) return plain(403, 'You are not allowed to read texts.');
    return message(view, spool, fields.get('id') ?? '', true);
  }
  const action = Object.hasOwn(actions, path) ? actions[path] : undefined;
  if (action === undefined) return plain(404, 'Not found.');
  if (!view.user.mayChange) return plain(403, 'You are not allowed to make changes.');
  return action({ view, spool, fields, sign: (done) => signatures.of(doneBy(view.user.user, done)) });
}

/** Never a clone: one of two readers can't cut a body off, and a form that is too long would hang. */
function withoutBody({ url, method, headers: given, signal }: Request): Request {
  return new Request(url, { method, headers: given, signal });
}

async function bodyWithin(request: Request, most: number): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > most) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Response]';
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } });
}

function file(content: string, type: string): Response {
  return new Response(content, { headers: { ...headers, 'content-type': `${type}; charset=utf-8` } });
}
