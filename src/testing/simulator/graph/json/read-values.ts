import { field } from '../../../../graph/client/json.ts';
import { GraphFault } from '../errors.ts';

/** Values in the JSON of a request, each of the type that the schema of Graph gives it; undefined where it is left out or null. */

/** A string. */
export function readText(from: unknown, name: string): string | undefined {
  const value = given(from, name);
  return value === undefined || typeof value === 'string' ? value : refuseType(name);
}

/** A boolean. */
export function readBoolean(from: unknown, name: string): boolean | undefined {
  const value = given(from, name);
  return value === undefined || typeof value === 'boolean' ? value : refuseType(name);
}

/** A list. */
export function readList(from: unknown, name: string): readonly unknown[] | undefined {
  const value = given(from, name);
  return value === undefined || Array.isArray(value) ? value : refuseType(name);
}

/** Throws for a value of another type. */
export function refuseType(name: string): never {
  throw new GraphFault('RequestBodyRead', 400, `The value of '${name}' is of the wrong type.`);
}

const given = (from: unknown, name: string): unknown => field(from, name) ?? undefined;
