import { tell } from '../../core/host-calls.ts';
import type { Logger } from '../../observability/trace.ts';
import { responseMessages } from '../operations/elements.ts';
import type { EwsServerVersion } from '../options.ts';
import { notSettled } from '../outcome/call-failure.ts';
import { outcomeOfReply, replyError, type WholeReply } from '../outcome/outcome.ts';
import { type CodeRule, codeRules, ruleOf } from '../outcome/response-codes.ts';
import type { EwsCall, Reply, SchemaLook } from './reply.ts';
import { serverVersions } from './soap.ts';

/** How many mailboxes, times versions, are remembered. Who is forgotten is asked about once more. */
const mostKnown = 10_000;

/**
 * The schema version in use at an endpoint: the configured one, until a server refuses it. What worked in its place is
 * remembered for all later requests. Behind one endpoint may be servers of several versions, so that what a schema says is known of a mailbox only.
 */
export class NegotiatedVersion {
  readonly #preferred: EwsServerVersion;
  readonly #logger: Logger | undefined;
  #current: EwsServerVersion;
  /** By version and mailbox: whether its server takes the version, so that what the schema refuses is the rest of a request. */
  readonly #taken = new Map<string, boolean>();
  /** Versions under which any mailbox was served: one on an older server does not lower them for the others. */
  readonly #served = new Set<EwsServerVersion>();

  constructor(preferred: EwsServerVersion, logger: Logger | undefined) {
    this.#preferred = preferred;
    this.#logger = logger;
    this.#current = preferred;
  }

  /** The version that the next request for a mailbox asks for. */
  of(mailbox: string): EwsServerVersion {
    const upToIt = serverVersions.slice(0, serverVersions.indexOf(this.#current) + 1);
    return upToIt.findLast((version) => this.takes(mailbox, version) !== false) ?? this.#current;
  }

  /** Whether the server of the mailbox takes the version; undefined while nobody knows. */
  takes(mailbox: string, version: EwsServerVersion): boolean | undefined {
    return this.#taken.get(keyOf(mailbox, version));
  }

  /** Nobody knows any more: a mailbox may have moved to an older server since. */
  doubt(mailbox: string, version: EwsServerVersion): void {
    this.#taken.delete(keyOf(mailbox, version));
  }

  /** The server of the mailbox takes the version or, unless a request was served meanwhile, does not. */
  learn(mailbox: string, version: EwsServerVersion, takes: boolean): void {
    if (this.takes(mailbox, version) !== true) this.#know(mailbox, version, takes);
  }

  #know(mailbox: string, version: EwsServerVersion, takes: boolean): void {
    const key = keyOf(mailbox, version);
    const [oldest] = this.#taken.keys();
    if (oldest !== undefined && this.#taken.size >= mostKnown) this.#taken.delete(oldest);
    this.#taken.set(key, takes);
  }

  /** A request for the mailbox was answered under the version. */
  served(mailbox: string, version: EwsServerVersion): void {
    this.learn(mailbox, version, true);
    this.#served.add(version);
  }

  /**
   * The version to try after the last of `tried` was refused; undefined when none is left. Downwards first, since servers
   * keep older schemas; at once to what the server says it speaks, when that is older.
   *
   * It may be true of this mailbox only: the version under which others were served stays theirs.
   */
  refused(mailbox: string, tried: readonly EwsServerVersion[], hint: EwsServerVersion | undefined): EwsServerVersion | undefined {
    const last = tried.at(-1) ?? this.#preferred;
    // Also where it was served before: it may have moved.
    this.#know(mailbox, last, false);
    const at = serverVersions.indexOf(last);
    const older = serverVersions.slice(0, at).reverse();
    const hinted = hint !== undefined && older.includes(hint) ? [hint] : [];
    // Another request may have found out meanwhile.
    const candidates = [this.#current, ...hinted, ...older, ...serverVersions.slice(at + 1)];
    const next = candidates.find((version) => !tried.includes(version) && this.takes(mailbox, version) !== false);
    // What it says it speaks is asked for at once the next time, too.
    const skipped = next !== undefined && next === hinted[0] ? older.slice(0, older.indexOf(next)) : [];
    for (const version of skipped) this.learn(mailbox, version, false);
    // A server that refuses all is asked anew from the start by the next request.
    if (!this.#served.has(this.#current)) this.#current = next ?? this.#preferred;
    this.#trace(last, next);
    return next;
  }

  #trace(refused: EwsServerVersion, next: EwsServerVersion | undefined): void {
    tell(() => this.#logger?.debug({ step: 'ews:version', refused, next: next ?? 'none' }));
  }
}

function keyOf(mailbox: string, version: EwsServerVersion): string {
  return `${version} ${mailbox.toLowerCase()}`;
}

/**
 * True when a reply says nothing but that the version of the request is refused: as a fault, or for each item. What it says nothing of may have been processed.
 */
export function refusesVersion(reply: Reply, { operation, notes }: EwsCall): boolean {
  if (reply.kind === 'fault') return isOf('version', reply.fault.responseCode);
  const messages = reply.kind === 'body' ? (responseMessages(reply.payload, operation) ?? []) : [];
  if (messages.length === 0 || (operation === 'CreateItem' && messages.length !== notes.length)) return false;
  return messages.every(({ responseClass, responseCode }) => responseClass === 'Error' && isOf('version', responseCode));
}

function isOf(what: CodeRule['negotiates'], responseCode: string): boolean {
  return ruleOf(responseCode).negotiates === what;
}

export function isSchemaFault(reply: Reply): boolean {
  return reply.kind === 'fault' && isOf('schema', reply.fault.responseCode);
}

/** What the answer to a look tells. */
export function toldBy(answer: Reply, call: EwsCall): SchemaLook {
  if (refusesVersion(answer, call) || isSchemaFault(answer)) return false;
  if (answer.kind === 'body') return true;
  // The code of a fault that EWS itself gives; a proxy's statuses come with faults of their own.
  const code = answer.kind === 'fault' && [200, 500].includes(answer.meta.status) ? answer.fault.responseCode : '';
  // What the request asks is looked at once the schema has been kept. So is what a code of Exchange means that is not known; one of SOAP alone tells nothing.
  return ruleOf(code).verdict.kind === 'rejected' || (code.startsWith('E') && !codeRules.has(code)) || answer;
}

/** What an answer to a look that tells nothing means for the request that was refused before it: nothing of that was processed. */
export function waiting(answer: WholeReply): Reply {
  if (answer.kind === 'failed') return { ...answer, sent: 'no' };
  const outcome = outcomeOfReply(answer, 1);
  const waits = outcome.status === 'deferred' && outcome.scope !== 'note';
  if (waits || (outcome.status === 'blocked' && outcome.sent === 'no')) return answer;
  return notSettled(replyError(answer), answer.meta.requestId);
}
