export type {
  AudienceClassification,
  MessageClassification,
  MessageClassOptions,
  MessageKind,
  Organization,
  ShowsIn,
} from './classification/classification.ts';
export { classifyAudience, classifyMessageClass } from './classification/classification.ts';
export type { Clock } from './core/clock.ts';
export { systemClock } from './core/clock.ts';
export type { ErrorCode } from './core/errors/codes.ts';
export type { OfflineImErrorOptions } from './core/errors/offline-im-error.ts';
export { hasCode, OfflineImError } from './core/errors/offline-im-error.ts';
export { errorCodes } from './core/errors/sentences.ts';
export type { BearerAuthOptions } from './ews/auth/bearer-auth.ts';
export { bearerAuth } from './ews/auth/bearer-auth.ts';
export type { AuthenticationContext, Credentials, Password, SendOptions, SendRequest } from './ews/auth/credentials.ts';
export { basicAuth } from './ews/auth/credentials.ts';
export { discoverEws } from './ews/autodiscover/discover.ts';
export type { DiscoveredEws, DiscoverOptions, DiscoverStep } from './ews/autodiscover/options.ts';
export { EwsTransport } from './ews/ews-transport.ts';
export type { EwsServerVersion, EwsTransportOptions } from './ews/options.ts';
export type { ClientVersion } from './gating/client-version.ts';
export { compareClientVersions, parseClientVersion } from './gating/client-version.ts';
export type { CsClientPolicy, CsImConfiguration } from './gating/cmdlets.ts';
export {
  parseCsClientPolicy,
  parseCsImConfiguration,
  policyOfCsClientPolicy,
  policyOfCsImConfiguration,
} from './gating/cmdlets.ts';
export type { GateClient, GateDecision, GateInput, GateReason, GateReasonCode, MailboxLocation, Policy } from './gating/gate.ts';
export { evaluateGate, GateRefusedError } from './gating/gate.ts';
export { GraphTransport } from './graph/graph-transport.ts';
export type {
  GraphMessageClasses,
  GraphTransportOptions,
  MailboxCredential,
  TokenCredential,
  TokenRequest,
} from './graph/options.ts';
export type { MessageSender, OutgoingMessage } from './message/message.ts';
export type { EntryEvent, EventName, Listener, NoteEvent, OfflineImEvents } from './observability/events.ts';
export type {
  BlockedLane,
  LaneStats,
  PausedLane,
  SenderStats,
  StatsOptions,
  UnavailableEndpoint,
} from './observability/stats.ts';
export type { LastMinute, Logger } from './observability/trace.ts';
export type { Receipt } from './sender/accept.ts';
export type {
  FlushOptions,
  ListQuery,
  RequeueOptions,
  SendManyOptions,
  SendMessageOptions,
  StartOptions,
  StopOptions,
} from './sender/call-options.ts';
export type { HighWater } from './sender/capacity.ts';
export type { PauseOptions } from './sender/entries.ts';
export type { Identity, OfflineImSenderOptions, PolicySource } from './sender/options.ts';
export type { CheckResult, SendResult } from './sender/send.ts';
export { OfflineImSender } from './sender/sender.ts';
export type { EntryStatus, MessageEntry, MessageStatus, WaitingFor } from './sender/status.ts';
export type {
  AuditRecord,
  BulkOptions,
  BulkResult,
  BulkVerb,
  EntryFilter,
  EntryPage,
  LaneReport,
  LaneSummary,
  ListProgress,
  Pause,
  ProcessReport,
  ReportedObstacle,
  SpoolAdmin,
  StoredReport,
} from './spool/admin/contract.ts';
export type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  Frozen,
  LaneFilter,
  NewSpoolEntry,
  Reason,
  Refreeze,
  Settlement,
  SettleResult,
  SpoolContext,
  SpoolEntry,
  SpooledMessage,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
  Standing,
} from './spool/contract.ts';
export { spoolStates } from './spool/contract.ts';
export type { Journal, JournalChange, JournalContents, StoredNote } from './spool/journaled/journal.ts';
export { JournalError } from './spool/journaled/journal.ts';
export type { JournaledSpoolOptions } from './spool/journaled/journaled-spool.ts';
export { JournaledSpool } from './spool/journaled/journaled-spool.ts';
export { MemorySpool } from './spool/journaled/memory-spool.ts';
export type { CryptoKeyLike, SealKey, SealOptions } from './spool/sealed/keys.ts';
export { sealed } from './spool/sealed/sealed-spool.ts';
export type { ShardedSpool } from './spool/sharded/shard.ts';
export { sharded } from './spool/sharded/sharded.ts';
export type { Due, EntryFixed, EntryRecord, EntryStatus as EntryRecordStatus, Lease, NoteRecord } from './spool/state/records.ts';
export type { TransitionSpool } from './spool/state/transition-spool.ts';
export type { DeliveryDecision, LeaseOptions, ProbeOptions, RetryOptions, SpoolerOptions } from './spooler/options.ts';
export type { FlushCounts } from './spooler/spooler.ts';
export type {
  AttemptEnd,
  Audience,
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Scope,
  Transport,
  TransportLimit,
  TransportReport,
  UnknownAttempt,
} from './transport/contract.ts';
export type { DispatchAnswer, DispatchBody } from './transport/dispatched-response.ts';
export type { DispatchRequest, HttpDispatcher } from './transport/dispatcher.ts';
export type { RouteByMailboxOptions, RouteLocation } from './transport/route-by-mailbox.ts';
export { routeByMailbox } from './transport/route-by-mailbox.ts';
export type {
  FindStrandedDraftsOptions,
  RemoveStrandedDraftsOptions,
  StrandedDraft,
  StrandedDraftAction,
  StrandedDraftsReport,
} from './transport/stranded-drafts.ts';
export type { AccessToken, TokenReason } from './transport/token-cache.ts';
