import { itemRoutes } from './items.ts';
import { journalRoutes } from './journal.ts';
import type { ApiRoute } from './route.ts';
import { refTo, schemas } from './schemas.ts';
import { stateRoutes } from './state.ts';

/** Below which the API lies. */
export const apiRoot = '/_exchange/api/v1';

/** Every route; of two that fit, the one that comes first. */
export const routes: readonly ApiRoute[] = [...itemRoutes, ...stateRoutes, ...journalRoutes];

const reasons = {
  400: 'The request is invalid.',
  401: 'The token is missing or wrong.',
  403: 'The request comes from another origin or machine.',
  404: 'It does not exist.',
  408: 'It did not happen in time.',
  409: 'It can’t be done with this exchange.',
  413: 'The request is too long.',
  415: 'The Content-Type is not application/json.',
} as const;

/** The description of the API, made from the routes that carry it out (OpenAPI 3.1). */
export function openApiDocument(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'The simulated Exchange',
      version: '1',
      description: 'Reads and changes the exchange of offline-im/testing, for tests in any language.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: apiRoot }],
    security: [{}, { token: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'The value of --token, if it is set.' } },
    },
  };
}

function operationOf(route: ApiRoute): object {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, { description, integer }]) => ({
    ...{ name, in: 'query', description },
    schema: integer === true ? { type: 'integer', minimum: 0 } : { type: 'string' },
  }));
  const errors = [400, 401, 403, ...(route.errors ?? []), ...(route.body === undefined ? [] : ([413, 415] as const))] as const;
  return {
    operationId: route.operationId,
    summary: route.summary,
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: contentOf(route.body) } }),
    responses: {
      [route.status]: { description: 'Done.', ...(route.answer === undefined ? {} : { content: contentOf(route.answer) }) },
      ...Object.fromEntries(errors.map((status) => [status, { description: reasons[status], content: contentOf('Error') }])),
    },
  };
}

function contentOf(answer: string): object {
  return answer.includes('/') ? { [answer]: { schema: { type: 'string' } } } : { 'application/json': { schema: refTo(answer) } };
}
