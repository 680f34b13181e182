export type { ExchangeMatchers, ExpectedMessage, ExpectedText, MatcherResult } from './testing/matchers/matchers.ts';
export { exchangeMatchers } from './testing/matchers/matchers.ts';
export type { ExchangeFixtures } from './testing/matchers/vitest.ts';
export { exchangeFixtures } from './testing/matchers/vitest.ts';
