export type { AccessToken, TokenReason } from './access-token.ts';
export { discoverEws } from './autodiscover/discover.ts';
export type { DiscoveredEws, DiscoverOptions, DiscoverStep } from './autodiscover/options.ts';
export type { BearerAuthOptions } from './bearer-auth.ts';
export { bearerAuth } from './bearer-auth.ts';
export type { AuthenticationContext, Credentials, SendOptions, SendRequest } from './credentials.ts';
export { basicAuth } from './credentials.ts';
export { EwsTransport } from './ews-transport.ts';
export type { EwsServerVersion, EwsTransportOptions } from './options.ts';
export type {
  FindStrandedDraftsOptions,
  RemoveStrandedDraftsOptions,
  StrandedDraft,
  StrandedDraftAction,
  StrandedDraftsReport,
} from './stranded-drafts.ts';
