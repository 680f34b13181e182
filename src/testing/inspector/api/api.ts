import { hasCode } from '../../../core/errors/offline-im-error.ts';
import { asError } from '../../../core/errors/thrown.ts';
import type { SimulatorCore } from '../../simulator/core.ts';
import { Misfit, readBySchema } from '../../simulator/faults/json-schema.ts';
import type { FrontRequest, FrontResponse } from '../../simulator/http/front.ts';
import type { SimulatedExchange } from '../../simulator/simulated-exchange.ts';
import { apiRoot, openApiDocument, routes } from './document.ts';
import { ApiError, type ApiRoute, notFound } from './route.ts';
import { refTo, schemas } from './schemas.ts';

/** Answers a request below `/_exchange/api/v1`. */
export async function answerApi(request: FrontRequest, exchange: SimulatedExchange, core: SimulatorCore): Promise<FrontResponse> {
  try {
    const [path = '', search = ''] = request.path.split('?', 2);
    const below = path.slice(apiRoot.length);
    if (below === '/openapi.json' && request.method === 'GET') return jsonAnswer(200, openApiDocument());
    if (below === '/openapi.json')
      throw new ApiError(405, 'METHOD_NOT_ALLOWED', 'The document is read with GET.', { allow: 'GET' });
    const { route, parameters } = routeOf(request.method, below);
    const answer = await route.run({
      ...{ exchange, core, path: parameters, headers: request.headers },
      query: queryOf(route, new URLSearchParams(search)),
      body: bodyOf(route, request),
    });
    if (answer === undefined) return { kind: 'answer', status: 204, headers: common, body: '' };
    if ('json' in answer) return jsonAnswer(route.status, answer.json);
    if ('stream' in answer) {
      return { kind: 'stream', status: 200, headers: { ...common, 'content-type': 'text/event-stream' }, open: answer.stream };
    }
    const headers = { ...common, 'content-type': `${answer.type}; charset=utf-8`, ...answer.headers };
    return { kind: 'answer', status: route.status, headers, body: answer.text };
  } catch (error) {
    return errorAnswer(error);
  }
}

const common = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

function jsonAnswer(status: number, json: unknown, more: Readonly<Record<string, string>> = {}): FrontResponse {
  const headers = { ...common, ...more, 'content-type': 'application/json; charset=utf-8' };
  return { kind: 'answer', status, headers, body: JSON.stringify(json) };
}

/** An error as the document has it. */
export function errorAnswer(error: unknown, headers: Readonly<Record<string, string>> = {}): FrontResponse {
  const say = (status: number, code: string, more = {}): FrontResponse =>
    jsonAnswer(status, { error: { code, message: asError(error).message } }, { ...headers, ...more });
  if (error instanceof ApiError) return say(error.status, error.code, error.headers);
  if (error instanceof Misfit) return say(400, 'REQUEST_INVALID');
  if (hasCode(error, 'OPTION_INVALID')) return say(400, 'OPTION_INVALID');
  throw error;
}

function routeOf(method: string, below: string): { readonly route: ApiRoute; readonly parameters: Record<string, string> } {
  const segments = below.split('/');
  const fitting = routes.flatMap((route) => {
    const wanted = route.path.split('/');
    if (wanted.length !== segments.length) return [];
    const parameters: Record<string, string> = {};
    for (const [n, part] of wanted.entries()) {
      const given = segments[n] ?? '';
      if (part.startsWith('{')) parameters[part.slice(1, -1)] = decoded(given);
      else if (part !== given) return [];
    }
    return [{ route, parameters }];
  });
  const found = fitting.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  if (fitting.length === 0) throw notFound(`path ${below}`);
  const methods = fitting.map(({ route }) => route.method).join(', ');
  throw new ApiError(405, 'METHOD_NOT_ALLOWED', `${below} does not support ${method}, only ${methods}.`, { allow: methods });
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, 'REQUEST_INVALID', `The path has ${segment}, which is not validly encoded.`);
  }
}

function queryOf(route: ApiRoute, given: URLSearchParams): Record<string, string | number | undefined> {
  const query: Record<string, string | number | undefined> = {};
  for (const [name, value] of given) {
    if (name === 'token') continue;
    const known = route.query !== undefined && Object.hasOwn(route.query, name) ? route.query[name] : undefined;
    const names = Object.keys(route.query ?? {}).join(', ') || 'none';
    if (known === undefined) throw new ApiError(400, 'REQUEST_INVALID', `There is no parameter ${name} here; expected ${names}.`);
    if (known.integer === true && !/^\d{1,15}$/.test(value)) {
      throw new ApiError(400, 'REQUEST_INVALID', `${name} is invalid; expected a whole number.`);
    }
    query[name] = known.integer === true ? Number(value) : value;
  }
  return query;
}

function bodyOf(route: ApiRoute, request: FrontRequest): unknown {
  if (request.tooLarge === true)
    throw new ApiError(413, 'REQUEST_TOO_LARGE', 'The request is longer than the simulator accepts.');
  if (route.body === undefined) return undefined;
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new ApiError(415, 'REQUEST_INVALID', 'The body must come with Content-Type: application/json.');
  }
  let given: unknown;
  try {
    given = JSON.parse(request.body);
  } catch (error) {
    throw new ApiError(400, 'REQUEST_INVALID', `The body is not JSON: ${asError(error).message}`);
  }
  return readBySchema(given, refTo(route.body), schemas);
}
