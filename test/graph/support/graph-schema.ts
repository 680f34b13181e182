/**
 * Judges traffic by Microsoft's description of Graph (graph-openapi.yaml, OpenAPI 3.1, whose schemas are JSON Schema 2020-12), as
 * the XSD judges EWS: nothing of the library decides what is valid here.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import type { GraphExchange } from '../../../src/testing/simulator/graph/door.ts';
import type { FrontRequest } from '../../../src/testing/simulator/http/front.ts';
import type { JournalEntry } from '../../../src/testing.ts';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object; readonly responses: object };
}

const description = parse(readFileSync(new URL('../graph-openapi.yaml', import.meta.url), 'utf8')) as Description;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addFormat('base64url', /^[\w-]*=*$/);
ajv.addSchema({ $id: 'graph', components: description.components });
const compiled = new Map<object, ValidateFunction>();

/** One request and its response. */
export interface GraphTraffic {
  readonly method: string;
  /** Below the version: `/users/alice/sendMail?$top=1`. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | undefined;
  readonly status: number;
  readonly responseHeaders: Headers;
  readonly responseBody: string;
}

/** What the description does not allow in a request. */
function requestErrors({ method, path, headers, body }: Pick<GraphTraffic, 'method' | 'path' | 'headers' | 'body'>): string[] {
  const found = operationOf(method, path);
  // The only path missing in the description.
  if (found === undefined) return /^\/users\/[^/]+$/.test(pathOf(path)) ? [] : [`no operation ${method} ${pathOf(path)}`];
  const errors: string[] = [];
  const query = new URLSearchParams(path.split('?').slice(1).join('?'));
  const known = new Map((found.parameters ?? []).map((parameter) => [`${parameter.in}:${parameter.name}`, parameter]));
  for (const [name, value] of query) {
    const parameter = known.get(`query:${name}`);
    if (parameter === undefined) errors.push(`no parameter ${name} of ${method} ${pathOf(path)}`);
    else errors.push(...schemaErrors(parameter.schema, numberIf(parameter.schema, value), name));
  }
  for (const { name, in: place, schema } of found.parameters ?? []) {
    const value = place === 'header' ? headers.get(name) : null;
    if (value !== null) errors.push(...schemaErrors(schema, value, name));
  }
  if (found.requestBody === undefined)
    return body === undefined || body === '' ? errors : [...errors, 'a body where none belongs'];
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  const content = found.requestBody.content[type];
  if (content === undefined) return [...errors, `a body of type "${type}"`];
  if (type === 'text/plain') return [...errors, ...schemaErrors(content.schema, body, 'request')];
  const read = jsonIn(body);
  return 'value' in read
    ? [...errors, ...schemaErrors(content.schema, read.value, 'request')]
    : [...errors, 'a body that is no JSON'];
}

/** What the description does not allow in a response. */
function answerErrors({ method, path, status, responseHeaders, responseBody }: GraphTraffic): string[] {
  const found = operationOf(method, path);
  if (found === undefined) return [];
  const declared = found.responses[String(status)] ?? (status >= 400 ? found.responses.default : undefined);
  if (declared === undefined) return [`no status ${status} of ${method} ${pathOf(path)}`];
  const content = declared.$ref === undefined ? declared.content : errorContent;
  if (content === undefined) return responseBody === '' ? [] : ['a body where none belongs'];
  const type = responseHeaders.get('content-type')?.split(';')[0] ?? '';
  const schema = content[type]?.schema;
  if (schema === undefined) return [`an answer of type "${type}"`];
  const read = jsonIn(responseBody);
  return 'value' in read ? schemaErrors(schema, read.value, 'answer') : ['an answer that is no JSON'];
}

function jsonIn(text: string | undefined): { readonly value: unknown } | Record<never, never> {
  try {
    return { value: JSON.parse(text ?? 'null') as unknown };
  } catch {
    return {};
  }
}

const errorContent: Readonly<Record<string, { readonly schema: object }>> = {
  'application/json': { schema: { $ref: '#/components/schemas/odataError' } },
};

/**
 * What the description does not allow in the traffic through the simulator's door. A request of the library itself must always be
 * valid; an invalid request of others must be refused.
 */
export function exchangeErrors(asked: FrontRequest, { response, fault }: GraphExchange): string[] {
  if (!/^\/v1\.0\//i.test(asked.path) || asked.tooLarge === true) return [];
  const given = asked.path.slice('/v1.0'.length).replace(/^\/me(?=[/?]|$)/, '/users/me');
  const headers = new Headers(
    Object.entries(asked.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { method } = asked;
  const own = headers.get('return-client-request-id') === 'true';
  // Microsoft's own samples write names of options in either case.
  const path = own ? given : given.replace(/[?&]\$\w+=/g, (name) => name.toLowerCase());
  // The description is of what the library uses; the simulator serves third-party clients more.
  if (!own && operationOf(method, path) === undefined) return [];
  // Third-party clients send an empty object where an action takes nothing.
  const nothing = !own && asked.body === '{}' && operationOf(method, path)?.requestBody === undefined;
  const body = own ? asked.body : nothing ? '' : inLowerCase(asked.body);
  const errors = requestErrors({ method, path, headers, body: body === '' ? undefined : body });
  if (response.kind !== 'answer') return own ? errors : [];
  const refused = response.status >= 400;
  const wrong = own || !refused ? errors : [];
  if (fault !== undefined) return wrong;
  const type = response.headers['content-type'];
  const responseHeaders = new Headers(typeof type === 'string' ? { 'content-type': type } : {});
  const seen = { method, path, headers, body, status: response.status, responseHeaders, responseBody: response.body };
  return [...wrong, ...answerErrors(seen)];
}

/** Graph accepts `Text` for `text`, and `ToRecipients` for `toRecipients`: SDKs and scripts of Microsoft write them. */
function inLowerCase(body: string): string {
  return body
    .replaceAll(
      /("(?:contentType|importance)"\s*:\s*")(\w+)"/gi,
      (_, name: string, value: string) => `${name}${value.toLowerCase()}"`,
    )
    .replaceAll(/"([A-Z])(\w*"\s*:)/g, (_, first: string, rest: string) => `"${first.toLowerCase()}${rest}`);
}

const methods: Readonly<Record<string, string>> = {
  sendMail: 'POST',
  moveMessage: 'POST',
  batch: 'POST',
  deleteMessage: 'DELETE',
};
const listed = new Set([...Object.keys(methods), 'listMessages', 'getMessage', 'listMailFolders', 'getMailFolder', 'getUser']);

/** What the description does not allow in Graph requests to a simulator, and in its responses not shaped by a fault. */
export function journalErrors(journal: readonly JournalEntry[]): string[] {
  return journal.flatMap(({ operation, path: whole, requestBody, responseBody, status, fault, outcome, problem }) => {
    if (!listed.has(operation) || !whole.includes('/v1.0')) return [];
    const method = methods[operation] ?? 'GET';
    const path = whole.replace(/^.*?\/v1\.0/, '');
    const json = new Headers({ 'content-type': 'application/json' });
    const body = requestBody === '' ? undefined : requestBody;
    const errors = requestErrors({ method, path, headers: json, body });
    if (fault !== undefined || problem !== undefined || outcome !== 'answered' || status === undefined) return errors;
    return [...errors, ...answerErrors({ method, path, headers: json, body, status, responseHeaders: json, responseBody })];
  });
}

/** A fetch that collects what the description does not allow in requests, and in responses not shaped by a fault (`checkAnswers`). */
export function checkedGraphFetch(
  inner: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init),
  { checkAnswers = false }: { readonly checkAnswers?: boolean } = {},
): typeof globalThis.fetch & { readonly errors: string[]; readonly traffic: GraphTraffic[] } {
  const errors: string[] = [];
  const traffic: GraphTraffic[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    const headers = new Headers(init?.headers);
    const method = init?.method ?? 'GET';
    const path = `${url.pathname}${url.search}`.replace(/^.*?\/v1\.0/, '');
    const body = typeof init?.body === 'string' ? init.body : undefined;
    errors.push(...requestErrors({ method, path, headers, body }));
    const response = await inner(input, init);
    if (checkAnswers) {
      const responseBody = await response.clone().text();
      const seen = { method, path, headers, body, status: response.status, responseHeaders: response.headers, responseBody };
      traffic.push(seen);
      errors.push(...answerErrors(seen));
    }
    return response;
  };
  return Object.assign(fetch, { errors, traffic });
}

const templates = Object.keys(description.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replace(/[$.]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
}));

function operationOf(method: string, path: string): Operation | undefined {
  // Functions and raw values, whose names stand where ids do.
  if (/\/(?:\$(?!batch)\w+|(?:microsoft\.graph\.)?delta(?:\(\))?)$/.test(pathOf(path))) return undefined;
  const template = templates.find(({ pattern }) => pattern.test(pathOf(path)))?.template;
  return template === undefined ? undefined : description.paths[template]?.[method.toLowerCase()];
}

/** A key may stand in brackets: the only way for one that begins with $. */
function pathOf(path: string): string {
  return (path.split('?')[0] ?? '').replace(/^\/users\('(?:[^'/]|'')+'\)/, '/users/x');
}

function numberIf(schema: object, value: string): unknown {
  const { type } = schema as { type?: string };
  if (type === 'integer' && /^\d+$/.test(value)) return Number(value);
  return type === 'boolean' ? value === 'true' : value;
}

function schemaErrors(schema: object, value: unknown, where: string): string[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    const text = JSON.stringify(schema).replaceAll('#/components/', 'graph#/components/');
    validate = ajv.compile(JSON.parse(text) as object);
    compiled.set(schema, validate);
  }
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath} ${message}`);
}
