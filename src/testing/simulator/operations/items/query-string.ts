import type { SimulatedItem } from '../../store/item.ts';
import { EwsFault } from '../../xml/ews-errors.ts';
import { bodyAs } from '../../xml/item-body.ts';
import { textsOf } from '../../xml/written-element.ts';

type Test = (item: SimulatedItem) => boolean;

const contains = (texts: readonly (string | undefined)[], wanted: string): boolean =>
  texts.some((text) => text?.toLowerCase().includes(wanted));

const texts: Readonly<Record<string, (item: SimulatedItem) => readonly (string | undefined)[]>> = {
  subject: (item) => [item.subject],
  body: (item) => [bodyAs(item.body, 'Text').content],
  from: (item) => [item.from?.address, item.from?.name],
  to: (item) => item.to.flatMap((one) => [one.address, one.name]),
  cc: (item) => item.cc.flatMap((one) => [one.address, one.name]),
  bcc: (item) => item.bcc.flatMap((one) => [one.address, one.name]),
  participants: (item) => people.flatMap((name) => texts[name]?.(item) ?? []),
  recipients: (item) => people.slice(1).flatMap((name) => texts[name]?.(item) ?? []),
  attachment: (item) => item.attachments.map(({ name }) => name),
  attachmentnames: (item) => item.attachments.map(({ name }) => name),
  category: (item) => textsOf(item.content.fields?.get('Categories') ?? '<t:Categories/>'),
};
const people = ['from', 'to', 'cc', 'bcc'];

/** `received:today` and the like are words of a client's language; dates and ranges of dates are the same everywhere. */
const dates: Readonly<Record<string, (item: SimulatedItem) => Date | undefined>> = {
  received: (item) => item.receivedAt ?? item.createdAt,
  sent: (item) => item.sentAt,
};

const anywhere = (item: SimulatedItem): readonly (string | undefined)[] =>
  ['subject', 'body', 'from', 'to', 'cc', 'attachment'].flatMap((name) => texts[name]?.(item) ?? []);

const flags: Readonly<Record<string, Test>> = {
  isread: (item) => item.isRead,
  read: (item) => item.isRead,
  hasattachment: (item) => item.attachments.length > 0,
  hasattachments: (item) => item.attachments.length > 0,
};

/**
 * Reads a query in the part of Advanced Query Syntax that clients use: words and "phrases" (all must occur), `subject:`, `body:`, `from:`, `to:`,
 * `cc:`, `bcc:`, `participants:`, `recipients:`, `attachment:`, `category:`, `importance:`, `size:`, `received:`, `sent:`, `isread:`, `hasattachment:`, NOT or a leading minus, OR between two terms. Anything else is refused rather than ignored.
 */
export function readQueryString(query: string): Test {
  const alternatives: Test[][] = [[]];
  let negated = false;
  for (const term of query.match(/-?(?:[\w-]+:)?(?:"[^"]*"|\S+)/g) ?? []) {
    if (term === 'AND') continue;
    if (term === 'OR') {
      alternatives.push([]);
      continue;
    }
    if (term === 'NOT') {
      negated = true;
      continue;
    }
    const bare = term.replace(/^-/, '');
    const test = readTerm(bare, query);
    const not = negated !== (bare !== term);
    alternatives.at(-1)?.push(not ? (item) => !test(item) : test);
    negated = false;
  }
  return (item) => alternatives.some((tests) => tests.length > 0 && tests.every((test) => test(item)));
}

function readTerm(term: string, query: string): Test {
  const [, name = '', rest = ''] = /^(?:([\w-]+):)?(.*)$/s.exec(term) ?? [];
  const wanted = rest.replace(/^"|"$|[()]/g, '').toLowerCase();
  const key = name.toLowerCase();
  if (key === '') return (item) => contains(anywhere(item), wanted);
  if (key === 'kind' && (wanted === 'email' || wanted === 'mail')) return (item) => item.kind === 'Message';
  if (key === 'importance') return (item) => item.content.importance.toLowerCase() === wanted;
  if (key === 'size') return sizeTest(wanted, query);
  const date = Object.hasOwn(dates, key) ? dates[key] : undefined;
  if (date !== undefined) return dateTest(date, wanted, query);
  const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
  if (flag !== undefined) return (item) => flag(item) === /^(?:true|yes|1)$/.test(wanted);
  const read = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (read === undefined) {
    throw unknown(`"${name}:"`, query);
  }
  return (item) => contains(read(item), wanted);
}

function unknown(what: string, query: string): EwsFault {
  return new EwsFault(
    'ErrorInvalidArgument',
    `The simulator does not know ${what} in the query string ${JSON.stringify(query)}.`,
  );
}

/** `received:2026-03-01`, `received:>=2026-03-01`, `received:2026-03-01..2026-03-05`; days are those of UTC. */
function dateTest(date: (item: SimulatedItem) => Date | undefined, wanted: string, query: string): Test {
  const [, operator = '', from = '', to = from] =
    /^(>=|<=|>|<|=)?(\d{4}-\d\d?-\d\d?|\d\d?\/\d\d?\/\d{4})(?:\.\.(\S+))?$/.exec(wanted) ?? [];
  const day = (text: string): number => {
    const [, month = '', dayOfMonth = '', year = ''] = /^(\d\d?)\/(\d\d?)\/(\d{4})$/.exec(text) ?? [];
    const iso = year === '' ? text : `${year}-${month}-${dayOfMonth}`;
    return Date.parse(`${iso.replace(/-(\d)(?=-|$)/g, '-0$1')}T00:00:00Z`);
  };
  const [first, last] = [day(from), day(to) + 86_400_000];
  if (Number.isNaN(first) || Number.isNaN(last)) throw unknown(`the date "${wanted}"`, query);
  return (item) => {
    const at = date(item)?.getTime();
    if (at === undefined) return false;
    if (operator === '>') return at >= last;
    if (operator === '>=') return at >= first;
    if (operator === '<') return at < first;
    return operator === '<=' ? at < last : at >= first && at < last;
  };
}

/** Bytes, as `size:>1000`. */
function sizeTest(wanted: string, query: string): Test {
  const [, operator = '=', digits = ''] = /^(>=|<=|>|<|=)?(\d+)$/.exec(wanted) ?? [];
  if (digits === '') throw unknown(`the size "${wanted}"`, query);
  const limit = Number(digits);
  return ({ size }) => {
    if (operator === '>') return size > limit;
    if (operator === '>=') return size >= limit;
    if (operator === '<') return size < limit;
    return operator === '<=' ? size <= limit : size === limit;
  };
}
