import { checkArgument, objectWith } from '../../core/arguments.ts';
import { property } from '../../core/errors/thrown.ts';
import { optional, rule } from '../../core/options.ts';
import type { SimulatedExchange } from '../simulator/simulated-exchange.ts';
import type { SimulatedItem } from '../simulator/store/item.ts';
import type { SimulatedMailbox } from '../simulator/store/mailbox.ts';

/** An expected text: a string, a pattern, or a matcher of the test runner, such as `expect.stringContaining('…')`. */
export type ExpectedText = string | RegExp | { asymmetricMatch(value: unknown): boolean };

/** Which messages match; what is left out doesn't matter. */
export interface ExpectedMessage {
  /** Its subject; a string must be equal. */
  readonly subject?: ExpectedText;
  /** Its body; a string must be contained in it. */
  readonly text?: ExpectedText;
  /** Address of its author. */
  readonly from?: ExpectedText;
  /** Address of one of its recipients. */
  readonly to?: ExpectedText;
  /** Its message class. */
  readonly itemClass?: ExpectedText;
  /**
   * Exactly this many of them.
   * @default at least one
   */
  readonly times?: number;
}

/** The matchers of `expect()` for an exchange or one of its mailboxes, after `expect.extend(exchangeMatchers)`. */
export interface ExchangeMatchers<R> {
  /** Passes if such a message has arrived, whatever folder it is in now; without an argument, any message. */
  toHaveReceived(expected?: ExpectedMessage): R;
  /** Passes if such a missed-conversation note has arrived, as Outlook's Missed Conversations shows it. */
  toHaveReceivedNote(expected?: ExpectedMessage): R;
  /** Passes if nothing is unsent, in Drafts or anywhere else. */
  toHaveNoDrafts(): R;
}

/** What a matcher returns to the test runner. */
export interface MatcherResult {
  readonly pass: boolean;
  /** Returns what was expected and found, in a sentence; called when the test fails. */
  message(): string;
}

/**
 * Matchers for `expect.extend()` of Vitest and Jest.
 *
 * @example
 * ```ts
 * expect.extend(exchangeMatchers);
 * expect(exchange.mailbox('bob@contoso.test')).toHaveReceivedNote({ text: 'Are you there?', times: 1 });
 * expect(exchange).toHaveNoDrafts();
 * ```
 */
export const exchangeMatchers = {
  toHaveReceived(actual: unknown, expected: ExpectedMessage = {}): MatcherResult {
    const boxes = mailboxesOf('toHaveReceived()', actual);
    const arrived = boxes
      .flatMap(({ folders }) => folders.flatMap(({ items }) => items))
      .filter((item) => item.receivedAt !== undefined && !item.isFromMe);
    return judge('toHaveReceived()', 'message', arrived, expected);
  },
  toHaveReceivedNote(actual: unknown, expected: ExpectedMessage = {}): MatcherResult {
    const notes = mailboxesOf('toHaveReceivedNote()', actual).flatMap((mailbox) => mailbox.missedConversations());
    return judge('toHaveReceivedNote()', 'missed-conversation note', notes, expected);
  },
  toHaveNoDrafts(actual: unknown): MatcherResult {
    const boxes = mailboxesOf('toHaveNoDrafts()', actual);
    const drafts = boxes.flatMap(({ folders }) => folders.flatMap(({ items }) => items)).filter((item) => item.isDraft);
    return {
      pass: drafts.length === 0,
      message: () => (drafts.length === 0 ? 'Expected a draft; found none.' : `Expected no draft; found ${list(drafts)}.`),
    };
  },
};

const textual = rule('a string, a RegExp, or a matcher such as expect.stringContaining()', (value) => isText(value));
const rules = {
  subject: optional(textual),
  text: optional(textual),
  from: optional(textual),
  to: optional(textual),
  itemClass: optional(textual),
  times: optional(rule('a whole number', (value) => Number.isInteger(value) && Number(value) >= 0)),
} as const;

function judge(matcher: string, what: string, items: readonly SimulatedItem[], expected: ExpectedMessage): MatcherResult {
  checkArgument(matcher, 'expected', expected, objectWith('{ subject, text, from, to, itemClass, times }', {}));
  for (const [name, value] of Object.entries(expected)) {
    // A name that is misspelt would pass for one that does not matter.
    const known = Object.hasOwn(rules, name)
      ? rules[name as keyof ExpectedMessage]
      : rule<never>(`one of the names ${Object.keys(rules).join(', ')}`, () => false);
    if (value !== undefined || !Object.hasOwn(rules, name)) checkArgument(matcher, name, value ?? null, known);
  }
  const { times } = expected;
  const found = items.filter((item) => fits(item, expected));
  const pass = times === undefined ? found.length > 0 : found.length === times;
  const wanted = `${times === undefined ? 'a' : times} ${what}${times === undefined || times === 1 ? '' : 's'}${described(expected)}`;
  return {
    pass,
    message: () =>
      pass
        ? `Expected not to find ${wanted}; found ${list(found)}.`
        : `Expected ${wanted}; found ${found.length} of ${items.length} received: ${list(items)}.`,
  };
}

function fits(item: SimulatedItem, { subject, text, from, to, itemClass }: ExpectedMessage): boolean {
  return (
    matches(subject, item.subject) &&
    (typeof text === 'string' ? item.body.content.includes(text) : matches(text, item.body.content)) &&
    matches(lowered(from), item.from?.address.toLowerCase() ?? '') &&
    (to === undefined || item.to.some(({ address }) => matches(lowered(to), address.toLowerCase()))) &&
    matches(itemClass, item.itemClass)
  );
}

/** Addresses count without regard to case. */
function lowered(expected: ExpectedText | undefined): ExpectedText | undefined {
  return typeof expected === 'string' ? expected.toLowerCase() : expected;
}

function matches(expected: ExpectedText | undefined, value: string): boolean {
  if (expected === undefined) return true;
  if (typeof expected === 'string') return expected === value;
  return 'asymmetricMatch' in expected
    ? expected.asymmetricMatch(value)
    : new RegExp(expected.source, expected.flags).test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || isPattern(value) || typeof property(value, 'asymmetricMatch') === 'function';
}

/** Of any realm: Jest gives each test file its own. */
function isPattern(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object RegExp]';
}

function described({ times: _times, ...texts }: ExpectedMessage): string {
  const parts = Object.entries(texts).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${shown(value)}`]));
  return parts.length === 0 ? '' : ` with ${parts.join(', ')}`;
}

function shown(value: ExpectedText): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return isPattern(value) ? String(value) : 'that the matcher accepts';
}

function list(items: readonly SimulatedItem[]): string {
  if (items.length === 0) return 'nothing';
  const all = items.slice(0, 10).map(({ subject, mailbox, folder }) => `${JSON.stringify(subject)} in ${mailbox}, ${folder}`);
  return `${all.join('; ')}${items.length > 10 ? ` and ${items.length - 10} more` : ''}`;
}

/** By what they have, not by their class: a test may load the package as both kinds of module. */
function mailboxesOf(matcher: string, actual: unknown): readonly SimulatedMailbox[] {
  if (typeof property(actual, 'missedConversations') === 'function') return [actual as SimulatedMailbox];
  const expected = 'a simulated exchange, or one of its mailboxes';
  checkArgument(matcher, 'what expect() is given', actual, objectWith(expected, { mailbox: 'function', mailboxes: 'object' }));
  return (actual as SimulatedExchange).mailboxes;
}
