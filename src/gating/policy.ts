import { byDefault, flag, optional, type RulesFor, readOptions, text } from '../core/options.ts';
import { type ClientVersion, compareClientVersions, formatClientVersion, readShownVersion } from './client-version.ts';

/**
 * What the administrators have set, as far as it is known. `parseCsImConfiguration` and `parseCsClientPolicy` read it from the cmdlets' output.
 */
export interface Policy {
  /**
   * `EnableOfflineIm` of `Get-CsImConfiguration`. False refuses every message.
   * @default true from server version 6.0.9319.259 (Skype for Business Server 2015, June 2016), false before; true when `serverVersion` is not given
   */
  readonly enableOfflineIm?: boolean | undefined;
  /**
   * `EnableIMAutoArchiving` of `Get-CsClientPolicy`: saving to the Conversation History folder. False refuses every message, as the product does.
   * @default true
   */
  readonly enableImAutoArchiving?: boolean | undefined;
  /** Four-part version of Skype for Business Server, alone or as `Get-CsServerVersion` prints it; decides the default of `enableOfflineIm`, and nothing else. @default none */
  readonly serverVersion?: string | undefined;
}

/** A {@link Policy} with its defaults filled in. */
export interface ResolvedPolicy {
  readonly enableOfflineIm: boolean;
  readonly enableImAutoArchiving: boolean;
  /** Kept for the words of a refusal, where it decided `enableOfflineIm`. */
  readonly decidedByServerVersion?: string;
}

/** The June 2016 update, which introduced the setting, on. */
const firstServerVersion: ClientVersion = { major: 6, minor: 0, build: 9319, revision: 259 };

const rules = {
  enableOfflineIm: optional(flag()),
  enableImAutoArchiving: byDefault(flag(), true),
  serverVersion: optional(
    text('four numbers such as 6.0.9319.259', (value) => value.length <= 1_000 && readShownVersion(value) !== undefined),
  ),
} satisfies RulesFor<Policy>;

/**
 * Fills in what a policy leaves out.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for a setting that is no boolean (the string `'False'` is none) or a `serverVersion` that is not four numbers.
 */
export function resolvePolicy(policy: Policy = {}): ResolvedPolicy {
  const { enableOfflineIm, enableImAutoArchiving, serverVersion } = readOptions('policy', policy, rules);
  const version = serverVersion === undefined ? undefined : readShownVersion(serverVersion);
  if (enableOfflineIm !== undefined || version === undefined) {
    return { enableOfflineIm: enableOfflineIm ?? true, enableImAutoArchiving };
  }
  const byVersion = compareClientVersions(version, firstServerVersion) >= 0;
  return { enableOfflineIm: byVersion, enableImAutoArchiving, decidedByServerVersion: formatClientVersion(version) };
}
