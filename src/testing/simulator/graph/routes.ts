/** The operations of Graph that the simulator knows. */
export const graphOperationNames = [
  'sendMail',
  'listMessages',
  'getMessage',
  'moveMessage',
  'deleteMessage',
  'listMailFolders',
  'getMailFolder',
  'getUser',
  'batch',
] as const;

/** An operation of Graph that the simulator knows. */
export type GraphOperationName = (typeof graphOperationNames)[number];

/** A request, as its address says what it is. */
export interface Route {
  readonly operation: GraphOperationName;
  /** Id or principal name; undefined for `/me`, and for `$batch`. */
  readonly user: string | undefined;
  readonly folder: string | undefined;
  readonly message: string | undefined;
  readonly query: URLSearchParams;
}

type Pattern = readonly [method: string, path: RegExp, operation: GraphOperationName];

const user = '(?:/me|/users/(?<user>[^/]+))';
const folder = '/mailfolders/(?<folder>[^/]+)';
const message = '/messages/(?<message>[^/]+)';
const pattern = (method: string, path: string, operation: GraphOperationName): Pattern => [
  method,
  new RegExp(`^/v1\\.0${path}/?$`, 'i'),
  operation,
];

const patterns: readonly Pattern[] = [
  pattern('POST', '/\\$batch', 'batch'),
  pattern('GET', user, 'getUser'),
  pattern('POST', `${user}/(?:microsoft\\.graph\\.)?sendmail`, 'sendMail'),
  pattern('GET', `${user}/messages`, 'listMessages'),
  pattern('GET', `${user}${folder}/messages`, 'listMessages'),
  pattern('GET', `${user}(?:${folder})?${message}`, 'getMessage'),
  pattern('DELETE', `${user}(?:${folder})?${message}`, 'deleteMessage'),
  pattern('POST', `${user}(?:${folder})?${message}/(?:microsoft\\.graph\\.)?move`, 'moveMessage'),
  pattern('GET', `${user}/mailfolders`, 'listMailFolders'),
  pattern('GET', `${user}${folder}/childfolders`, 'listMailFolders'),
  pattern('GET', `${user}${folder}`, 'getMailFolder'),
];

/** What a request asks for; undefined when it is nothing that the simulator knows. */
export function routeOf(method: string, address: string): Route | undefined {
  const [path = '', query = ''] = cut(address);
  for (const [wanted, expression, operation] of patterns) {
    const groups = wanted === method ? expression.exec(path)?.groups : undefined;
    const match = wanted === method && expression.test(path);
    if (!match) continue;
    const part = (name: string): string | undefined => decoded(groups?.[name]);
    return {
      operation,
      user: part('user'),
      folder: part('folder'),
      message: part('message'),
      query: new URLSearchParams(query),
    };
  }
  return undefined;
}

function cut(address: string): readonly [string, string] {
  const at = address.indexOf('?');
  return at === -1 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
