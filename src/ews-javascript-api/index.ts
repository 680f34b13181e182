export type { FromExchangeServiceOptions } from './from-exchange-service.ts';
export { fromExchangeService } from './from-exchange-service.ts';
export type { ExchangeServiceLike, XhrApiLike, XhrRequest } from './service.ts';
