/** What a client prefers: https://learn.microsoft.com/graph/use-the-api#http-methods, RFC 7240. */
export interface Preferences {
  /** `outlook.body-content-type` */
  readonly body: 'text' | 'html' | undefined;
  /** `IdType="ImmutableId"`: https://learn.microsoft.com/graph/outlook-immutable-id */
  readonly immutableIds: boolean;
  /** `odata.maxpagesize` */
  readonly pageSize: number | undefined;
  /** Those of them that are followed, as the answer repeats them. */
  readonly applied: readonly string[];
}

/** Reads the header `Prefer`; what it says beside that changes nothing here. */
export function readPreferences(header: string | undefined): Preferences {
  const given = new Map<string, string>();
  for (const [, name = '', value = ''] of (header ?? '').matchAll(/(?<![\w.-])([\w.-]+)\s*=\s*"?([^",;]*)"?/g)) {
    given.set(name.toLowerCase(), value.trim().toLowerCase());
  }
  const type = given.get('outlook.body-content-type');
  const body = type === 'text' || type === 'html' ? type : undefined;
  const immutableIds = given.get('idtype') === 'immutableid';
  const size = Number(given.get('odata.maxpagesize'));
  const pageSize = Number.isInteger(size) && size > 0 ? size : undefined;
  return {
    body,
    immutableIds,
    pageSize,
    applied: [
      ...(body === undefined ? [] : [`outlook.body-content-type="${body}"`]),
      ...(immutableIds ? ['IdType="ImmutableId"'] : []),
      ...(pageSize === undefined ? [] : [`odata.maxpagesize=${pageSize}`]),
    ],
  };
}
