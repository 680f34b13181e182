export type { ExchangeServiceLike, XhrApiLike, XhrRequest } from './ews-javascript-api/envelope.ts';
export type { FromExchangeServiceOptions } from './ews-javascript-api/from-exchange-service.ts';
export { fromExchangeService } from './ews-javascript-api/from-exchange-service.ts';
