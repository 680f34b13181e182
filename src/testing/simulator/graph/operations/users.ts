import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { GraphFault } from '../errors.ts';
import { readFilter } from '../odata/filter.ts';
import { Properties, queryText, readPage, requireKnown } from '../odata/page.ts';
import { bytesOf, type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';

/** What is told of a user unless something is selected, and then nothing else: https://learn.microsoft.com/graph/api/resources/user */
const usual: Readonly<Record<string, (mailbox: SimulatedMailbox) => unknown>> = {
  businessPhones: () => [],
  displayName: ({ name }) => name,
  givenName: () => null,
  jobTitle: () => null,
  mail: ({ address }) => address,
  mobilePhone: () => null,
  officeLocation: () => null,
  preferredLanguage: () => null,
  surname: () => null,
  userPrincipalName: ({ address }) => address,
  id: ({ userId }) => userId,
};
const properties = new Properties<SimulatedMailbox>({
  ...usual,
  accountEnabled: () => true,
  mailNickname: ({ address }) => address.split('@')[0],
  proxyAddresses: ({ address, aliases }) => [`SMTP:${address}`, ...aliases.map((alias) => `smtp:${alias}`)],
  userType: () => 'Member',
});

/** https://learn.microsoft.com/graph/api/user-get */
export function getUser({ mailbox, base, route }: GraphContext): GraphAnswer {
  requireKnown(route.query, ['$select']);
  return { status: 200, json: { '@odata.context': `${base}/$metadata#users/$entity`, ...userJson(mailbox, route.query) } };
}

/** What a list of the directory is asked with: it belongs to no mailbox. */
type DirectoryContext = Pick<GraphContext, 'exchange' | 'route' | 'base' | 'prefer' | 'permissions'> & {
  /** `ConsistencyLevel: eventual`: https://learn.microsoft.com/graph/aad-advanced-queries */
  readonly advanced: boolean;
};

/** https://learn.microsoft.com/graph/api/user-list, and `/users/$count` */
export function listUsers(context: DirectoryContext): GraphAnswer {
  const { exchange, route, base, advanced } = context;
  requirePermission(context, 'User.ReadBasic.All', 'User.Read.All', 'User.ReadWrite.All', 'Directory.Read.All');
  requireKnown(route.query, ['$select', '$filter', '$search', '$orderby', '$top', '$count', '$skiptoken']);
  const { top, count } = readPage(route.query, { pageSize: 100 });
  const asked = route.query.get('$search');
  if (!advanced && (asked !== null || route.operation === 'countUsers')) {
    throw new GraphFault('Request_UnsupportedQuery', 400, "The request needs the header 'ConsistencyLevel: eventual'.");
  }
  const filterText = route.query.get('$filter');
  const filter = filterText === null ? undefined : readFilter<SimulatedMailbox>(filterText, properties);
  const search = asked === null ? undefined : readSearch(asked);
  const found = exchange.mailboxes.filter((one) => (filter?.matches(one) ?? true) && (search?.(one) ?? true));
  if (route.operation === 'countUsers') {
    return { status: 200, raw: { type: 'text/plain', bytes: bytesOf(String(found.length)) } };
  }
  const order = properties.order(route.query.get('$orderby'));
  const sorted = order === undefined ? found : [...found].sort((a, b) => order.compare(a, b));
  const skip = Number(route.query.get('$skiptoken') ?? 0) || 0;
  const page = sorted.slice(skip, skip + top);
  const next = new URLSearchParams(route.query);
  next.set('$skiptoken', String(skip + top));
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users`,
      ...(count && advanced ? { '@odata.count': found.length } : {}),
      ...(skip + top < sorted.length ? { '@odata.nextLink': `${base}/users?${queryText(next)}` } : {}),
      value: page.map((mailbox) => userJson(mailbox, route.query)),
    },
  };
}

/** `"displayName:ali"`: words that begin so. */
function readSearch(text: string): (mailbox: SimulatedMailbox) => boolean {
  const [, name = '', value = ''] = /^"(\w+):(.*)"$/.exec(text.trim()) ?? [];
  const read = properties.reader(name);
  if (read === undefined)
    throw new GraphFault('Request_UnsupportedQuery', 400, 'A $search is one "property:text", in quotation marks.');
  const wanted = value.toLowerCase();
  return (mailbox) =>
    String(read(mailbox) ?? '')
      .toLowerCase()
      .split(/[\s@.]+/)
      .some((word) => word.startsWith(wanted)) || String(read(mailbox)).toLowerCase().startsWith(wanted);
}

/** Users have some hundred properties; those that nobody here has are left out, as where they are not filled in. */
function userJson(mailbox: SimulatedMailbox, query: URLSearchParams): object {
  const names = query.get('$select')?.split(',') ?? Object.keys(usual);
  const known = names.flatMap((name) => properties.nameOf(name.trim()) ?? []);
  return Object.fromEntries(known.map((name) => [name, properties.reader(name)?.(mailbox)]));
}
