export { exchangePerTest } from './testing/matchers/jest.ts';
export type { ExchangeMatchers, ExpectedMessage, ExpectedText, MatcherResult } from './testing/matchers/matchers.ts';
export { exchangeMatchers } from './testing/matchers/matchers.ts';
