/** The part of JSON Schema (2020-12) that the API's document uses. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly enum?: readonly (string | number)[];
  readonly const?: string;
  readonly oneOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
  readonly default?: unknown;
  readonly $ref?: string;
}

/** An object that has these properties and no others; all of them but the `optional`. */
export function objectOf(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name) && properties[name]?.default === undefined);
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Reads a value by a schema, defaults filled in; throws {@link Misfit} where it does not fit. */
export function readBySchema(
  value: unknown,
  schema: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  at = 'the body',
): unknown {
  if (schema.$ref !== undefined)
    return readBySchema(value, schemas[schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)] ?? {}, schemas, at);
  if (schema.oneOf !== undefined) return readBySchema(value, branchOf(value, schema.oneOf, at), schemas, at);
  if (schema.const !== undefined && value !== schema.const) throw new Misfit(at, JSON.stringify(schema.const));
  if (schema.enum !== undefined && !schema.enum.some((one) => one === value))
    throw new Misfit(at, schema.enum.map((one) => JSON.stringify(one)).join(', '));
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const fits = types.length === 0 || types.includes(type) || (types.includes('integer') && Number.isSafeInteger(value));
  if (!fits) throw new Misfit(at, `${types.join(' or ')}`);
  if (isNumber && value < (schema.minimum ?? value)) throw new Misfit(at, `at least ${schema.minimum}`);
  if (isNumber && value > (schema.maximum ?? value)) throw new Misfit(at, `at most ${schema.maximum}`);
  const { items } = schema;
  if (Array.isArray(value))
    return items === undefined ? value : value.map((one, n) => readBySchema(one, items, schemas, `${at}[${n}]`));
  return type === 'object' ? readObject(value as Readonly<Record<string, unknown>>, schema, schemas, at) : value;
}

function readObject(
  given: Readonly<Record<string, unknown>>,
  { properties = {}, required = [], additionalProperties = true }: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  at: string,
): unknown {
  const read: Record<string, unknown> = Object.create(null);
  for (const name of required) if (given[name] === undefined) throw new Misfit(`${at}.${name}`, 'a value');
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (inner === false) throw new Misfit(`${at}.${name}`, `one of the names ${Object.keys(properties).join(', ')}`);
    read[name] = typeof inner === 'object' ? readBySchema(value, inner, schemas, `${at}.${name}`) : value;
  }
  for (const [name, { default: value }] of Object.entries(properties)) if (value !== undefined) read[name] ??= value;
  return { ...read };
}

/** The branch that the value's `kind` names, or the first whose type is the value's. */
function branchOf(value: unknown, branches: readonly JsonSchema[], at: string): JsonSchema {
  const kinds = branches.flatMap(({ properties }) => properties?.kind?.const ?? []);
  if (kinds.length === 0) {
    const type = Array.isArray(value) ? 'array' : typeof value;
    return branches.find((one) => one.type === type || typeof one.enum?.[0] === type) ?? branches[0] ?? {};
  }
  const kind: unknown = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const found = branches.find(({ properties }) => properties?.kind?.const === kind);
  if (found === undefined) throw new Misfit(`${at}.kind`, kinds.join(', '));
  return found;
}

/** Something in a request is not as the document has it. */
export class Misfit extends Error {
  constructor(at: string, expected: string) {
    super(`${at.replace(/^the body\./, '')} is invalid; expected ${expected}.`);
  }
}
