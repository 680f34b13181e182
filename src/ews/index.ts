export type { AuthenticationContext, Credentials, SendRequest } from './credentials.ts';
export { basicAuth } from './credentials.ts';
export { EwsTransport } from './ews-transport.ts';
export type { EwsServerVersion, EwsTransportOptions } from './options.ts';
