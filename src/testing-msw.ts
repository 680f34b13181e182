export type { ExchangeHandlersOptions } from './testing/msw/exchange-handlers.ts';
export { exchangeHandlers } from './testing/msw/exchange-handlers.ts';
