import { tell } from '../../core/host-calls.ts';
import type { Logger } from '../../observability/trace.ts';
import type { EwsServerVersion } from '../options.ts';
import { ruleOf } from '../outcome/response-codes.ts';
import { messagesNs } from '../xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../xml/read.ts';
import type { Reply } from './reply.ts';

/** Every schema version that requests can ask for, oldest first. */
export const serverVersions: readonly EwsServerVersion[] = [
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016',
];

/** Distinguished folder `conversationhistory` came with Exchange2013_SP1; older schemas refuse a request that names it. */
export function knowsConversationHistory(version: EwsServerVersion): boolean {
  return serverVersions.indexOf(version) >= serverVersions.indexOf('Exchange2013_SP1');
}

/** True when a reply says nothing but that the version of the request is refused. */
export function refusesVersion(reply: Reply): boolean {
  if (reply.kind === 'fault') return isOfVersion(reply.fault.responseCode);
  if (reply.kind !== 'body') return false;
  const messages = child(reply.payload, messagesNs, 'ResponseMessages')?.children ?? [];
  return messages.length > 0 && messages.every((message) => isOfVersion(codeOf(message)));
}

function isOfVersion(responseCode: string): boolean {
  return ruleOf(responseCode).negotiates === 'version';
}

/** The schema version that a server says it speaks, as one of ours; undefined when it doesn't say. */
export function versionOfServer(info: XmlElement | undefined): EwsServerVersion | undefined {
  const named = info?.attributes.get('Version') ?? '';
  const known = serverVersions.find((version) => version === named);
  if (known !== undefined) return known;
  // Names with a date (V2017_04_14) came after the last numbered one.
  if (/^V20\d\d_/.test(named)) return 'Exchange2016';
  const [major, minor] = [Number(info?.attributes.get('MajorVersion')), Number(info?.attributes.get('MinorVersion'))];
  if (major === 14) return 'Exchange2010_SP2';
  if (major !== 15) return undefined;
  if (minor > 0) return 'Exchange2016';
  // 2013: SP1 is build 847.
  return Number(info?.attributes.get('MajorBuildNumber')) < 847 ? 'Exchange2013' : 'Exchange2013_SP1';
}

/**
 * The schema version in use at an endpoint: the configured one, until a server refuses it. What worked in its place is
 * remembered for all later requests.
 */
export class NegotiatedVersion {
  readonly #preferred: EwsServerVersion;
  readonly #logger: Logger | undefined;
  #current: EwsServerVersion;

  constructor(preferred: EwsServerVersion, logger: Logger | undefined) {
    this.#preferred = preferred;
    this.#logger = logger;
    this.#current = preferred;
  }

  get current(): EwsServerVersion {
    return this.#current;
  }

  /**
   * The version to try after the last of `tried` was refused; undefined when none is left. Downwards first, since servers
   * keep older schemas; at once to what the server says it speaks, when that is older.
   */
  refused(tried: readonly EwsServerVersion[], hint: EwsServerVersion | undefined): EwsServerVersion | undefined {
    const last = tried.at(-1) ?? this.#preferred;
    const at = serverVersions.indexOf(last);
    const older = serverVersions.slice(0, at).reverse();
    const hinted = hint !== undefined && older.includes(hint) ? [hint] : [];
    // Another request may have found out meanwhile.
    const candidates = [this.#current, ...hinted, ...older, ...serverVersions.slice(at + 1)];
    const next = candidates.find((version) => !tried.includes(version));
    // A server that refuses all is asked anew from the start by the next request.
    this.#current = next ?? this.#preferred;
    this.#trace(last, next);
    return next;
  }

  #trace(refused: EwsServerVersion, next: EwsServerVersion | undefined): void {
    tell(() => this.#logger?.debug({ step: 'ews:version', refused, next: next ?? 'none' }));
  }
}

const codeOf = (message: XmlElement): string => textOf(message, messagesNs, 'ResponseCode')?.trim() ?? '';
