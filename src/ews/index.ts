export type { AccessToken, TokenReason } from './access-token.ts';
export type { BearerAuthOptions } from './bearer-auth.ts';
export { bearerAuth } from './bearer-auth.ts';
export type { AuthenticationContext, Credentials, SendOptions, SendRequest } from './credentials.ts';
export { basicAuth } from './credentials.ts';
export { EwsTransport } from './ews-transport.ts';
export type { EwsServerVersion, EwsTransportOptions } from './options.ts';
