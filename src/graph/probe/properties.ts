import { flagSubmitted, messageFlagsTag, tagPropertyName, tagPropertySet } from '../../transport/tag-property.ts';
import { field, listField, textField } from '../client/json.ts';

/**
 * Extended properties as Graph names them: https://learn.microsoft.com/graph/api/resources/extended-properties-overview.
 * One form for each property throughout, since the service looks for what was written.
 */
export const tagProperty = `String {${tagPropertySet}} Name ${tagPropertyName}`;
export const classProperty = 'String 0x001A';
export const flagsProperty = `Integer 0x${messageFlagsTag.toString(16).toUpperCase().padStart(4, '0')}`;

/** The value of an expanded property. Its id comes back in another form than it was asked for: in lower case, without leading zeros. */
export function propertyOf(item: unknown, property: string): string | undefined {
  const wanted = normalised(property);
  for (const one of listField(item, 'singleValueExtendedProperties')?.slice(0, 50) ?? []) {
    const id = textField(one, 'id', 500);
    const value = field(one, 'value');
    if (id !== undefined && typeof value === 'string' && normalised(id) === wanted) return value;
  }
  return undefined;
}

/** What flags say of having been handed over. Undefined when they say nothing: don't know, never no. */
export function submittedIn(flags: string | undefined): boolean | undefined {
  if (flags === undefined || !/^\d{1,10}$/.test(flags)) return undefined;
  return (Number(flags) & flagSubmitted) !== 0;
}

function normalised(id: string): string {
  const tag = /^\s*(\w+)\s+0x0*([0-9a-f]+)\s*$/i.exec(id);
  if (tag !== null) return `${tag[1]} 0x${tag[2]}`.toLowerCase();
  const named = /^\s*(\w+)\s+\{?([0-9a-f-]{36})\}?\s+name\s+(.*?)\s*$/i.exec(id);
  // The name alone is compared with regard to case.
  return named === null ? id : [`${named[1]} ${named[2]}`.toLowerCase(), named[3]].join(' ');
}
