import type { SimulatedItem } from '../../store/item.ts';
import { EwsFault } from '../../xml/ews-errors.ts';
import { bodyAs } from '../../xml/item-body.ts';

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
  attachment: (item) => item.attachments.map(({ name }) => name),
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
 * `cc:`, `bcc:`, `attachment:`, `isread:`, `hasattachment:`, NOT or a leading minus, OR between two terms. Anything else is refused rather than ignored.
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
  const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
  if (flag !== undefined) return (item) => flag(item) === /^(?:true|yes|1)$/.test(wanted);
  const read = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (read === undefined) {
    throw new EwsFault(
      'ErrorInvalidArgument',
      `The simulator does not know "${name}:" in the query string ${JSON.stringify(query)}.`,
    );
  }
  return (item) => contains(read(item), wanted);
}
