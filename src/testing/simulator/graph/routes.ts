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
  'listUsers',
  'countUsers',
  'createMessage',
  'updateMessage',
  'sendMessage',
  'copyMessage',
  'permanentDeleteMessage',
  'getMessageContent',
  'countMessages',
  'deltaMessages',
  'reply',
  'replyAll',
  'forward',
  'createReply',
  'createReplyAll',
  'createForward',
  'listAttachments',
  'getAttachment',
  'getAttachmentContent',
  'createAttachment',
  'deleteAttachment',
  'deltaMailFolders',
  'createMailFolder',
  'updateMailFolder',
  'deleteMailFolder',
  'moveMailFolder',
  'copyMailFolder',
] as const;

/** An operation of Graph that the simulator knows. */
export type GraphOperationName = (typeof graphOperationNames)[number];

/** Operations that no mailbox answers: its limits are not theirs. */
const beside: ReadonlySet<GraphOperationName> = new Set(['batch', 'listUsers', 'countUsers', 'getUser']);

/** Whether the mailbox that a request is for answers it. */
export const isOfMailbox = ({ operation }: Route): boolean => !beside.has(operation);

/** A request, as its address says what it is. */
export interface Route {
  readonly operation: GraphOperationName;
  /** Id or principal name; undefined for `/me`, and for `$batch`. */
  readonly user: string | undefined;
  readonly folder: string | undefined;
  readonly message: string | undefined;
  readonly attachment: string | undefined;
  readonly query: URLSearchParams;
}

type Pattern = readonly [method: string, path: RegExp, operation: GraphOperationName];

const user = '(?:/me|/users/(?<user>[^/$][^/]*))';
const folder = '/mailfolders/(?!delta[(/]|delta$)(?<folder>[^/$][^/]*)';
const messages = `${user}(?:${folder})?/messages`;
const message = `${messages}/(?<message>[^/$][^/]*)`;
const attachment = `${message}/attachments/(?<attachment>[^/$][^/]*)`;
const pattern = (method: string, path: string, operation: GraphOperationName): Pattern => [
  method,
  new RegExp(`^/v1\\.0${path}/?$`, 'i'),
  operation,
];
/** Actions and functions are called by their names, or by those with their namespace. */
const bound = (name: string): string => `/(?:microsoft\\.graph\\.)?${name}`;

const patterns: readonly Pattern[] = [
  pattern('POST', '/\\$batch', 'batch'),
  pattern('GET', '/users', 'listUsers'),
  pattern('GET', '/users/\\$count', 'countUsers'),
  pattern('GET', user, 'getUser'),
  pattern('POST', `${user}${bound('sendmail')}`, 'sendMail'),
  pattern('GET', messages, 'listMessages'),
  pattern('POST', messages, 'createMessage'),
  pattern('GET', `${messages}/\\$count`, 'countMessages'),
  pattern('GET', `${messages}${bound('delta')}(?:\\(\\))?`, 'deltaMessages'),
  pattern('GET', message, 'getMessage'),
  pattern('PATCH', message, 'updateMessage'),
  pattern('DELETE', message, 'deleteMessage'),
  pattern('GET', `${message}/\\$value`, 'getMessageContent'),
  pattern('POST', `${message}${bound('move')}`, 'moveMessage'),
  pattern('POST', `${message}${bound('copy')}`, 'copyMessage'),
  pattern('POST', `${message}${bound('send')}`, 'sendMessage'),
  pattern('POST', `${message}${bound('permanentdelete')}`, 'permanentDeleteMessage'),
  ...(['reply', 'replyAll', 'forward', 'createReply', 'createReplyAll', 'createForward'] as const).map((name) =>
    pattern('POST', `${message}${bound(name)}`, name),
  ),
  pattern('GET', `${message}/attachments`, 'listAttachments'),
  pattern('POST', `${message}/attachments`, 'createAttachment'),
  pattern('GET', attachment, 'getAttachment'),
  pattern('DELETE', attachment, 'deleteAttachment'),
  pattern('GET', `${attachment}/\\$value`, 'getAttachmentContent'),
  pattern('GET', `${user}/mailfolders`, 'listMailFolders'),
  pattern('POST', `${user}/mailfolders`, 'createMailFolder'),
  pattern('GET', `${user}/mailfolders${bound('delta')}(?:\\(\\))?`, 'deltaMailFolders'),
  pattern('GET', `${user}${folder}/childfolders`, 'listMailFolders'),
  pattern('POST', `${user}${folder}/childfolders`, 'createMailFolder'),
  pattern('GET', `${user}${folder}`, 'getMailFolder'),
  pattern('PATCH', `${user}${folder}`, 'updateMailFolder'),
  pattern('DELETE', `${user}${folder}`, 'deleteMailFolder'),
  pattern('POST', `${user}${folder}${bound('move')}`, 'moveMailFolder'),
  pattern('POST', `${user}${folder}${bound('copy')}`, 'copyMailFolder'),
];

/** What a request asks for; undefined when it is nothing that the simulator knows. */
export function routeOf(method: string, address: string): Route | undefined {
  const [given = '', query = ''] = cut(address);
  const path = inSegments(given);
  for (const [wanted, expression, operation] of patterns) {
    const match = wanted === method ? expression.exec(path) : null;
    if (match === null) continue;
    const part = (name: string): string | undefined => decoded(match.groups?.[name]);
    return {
      operation,
      user: part('user'),
      folder: part('folder'),
      message: part('message'),
      attachment: part('attachment'),
      query: optionsIn(query),
    };
  }
  return undefined;
}

/** Keys may stand in parentheses, `/users('…')/messages('…')`, with quotes in them doubled, and the way to a folder through those above it. */
function inSegments(path: string): string {
  return path
    .replace(
      /\((?:'|%27)((?:(?!%27)[^'()/]|''|%27%27)+)(?:'|%27)\)/gi,
      (_, key: string) => `/${key.replaceAll(/''|%27%27/gi, "'")}`,
    )
    .replace(/(\/mailfolders)(?:\/[^/]+\/childfolders)+\/(?!\$|delta)(?=[^/])/i, '$1/');
}

/** Names of OData's options in any case: Microsoft's own samples write `$orderBy` and `$orderby`. */
function optionsIn(query: string): URLSearchParams {
  const options = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(query)) options.append(name.startsWith('$') ? name.toLowerCase() : name, value);
  return options;
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
