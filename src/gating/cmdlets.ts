import { checkArgument, listWith, maybeObject } from '../core/arguments.ts';
import type { OptionRule } from '../core/options.ts';
import { pickScope, readSetting, scopeName } from './cmdlet-output.ts';
import type { Policy } from './gate.ts';

/** One scope's part of what `Get-CsImConfiguration` prints. */
export interface CsImConfiguration {
  /** `Global` or `Site:<name>`. */
  readonly identity: string;
  /** Left out where the scope does not set it. */
  readonly enableOfflineIm?: boolean;
}

/**
 * Reads the output of `Get-CsImConfiguration`: PowerShell's list or table, or what `ConvertTo-Json`, `ConvertTo-Csv`, `ConvertTo-Xml` and `Export-Clixml` make of it; one scope or several.
 * Names match without regard to case; byte order marks, UTF-16 read as bytes, wrapped lines and empty lines are coped with.
 *
 * @returns One entry per scope, in the order of the output.
 * @throws {OfflineImError} `CMDLET_OUTPUT_UNREADABLE` for anything else, with what was found and what is expected.
 * @example
 * ```ts
 * const policy = policyOfCsImConfiguration(parseCsImConfiguration(output), { site: 'Redmond' }); // { enableOfflineIm: true }
 * ```
 */
export function parseCsImConfiguration(output: string): readonly CsImConfiguration[] {
  return readSetting(output, 'Get-CsImConfiguration', 'EnableOfflineIm').map(({ identity, value }) =>
    value === undefined ? { identity } : { identity, enableOfflineIm: value },
  );
}

/**
 * The part of a policy that holds for users of a site: the site's own configuration, else the global one.
 *
 * @param scope `site`: its name, with or without `Site:`. @default the global configuration
 * @throws {OfflineImError} `OPTION_INVALID` when the listing has neither.
 */
export function policyOfCsImConfiguration(
  configurations: readonly CsImConfiguration[],
  scope: { readonly site?: string | undefined } = {},
): Pick<Policy, 'enableOfflineIm'> {
  checkArgument('policyOfCsImConfiguration()', 'configurations', configurations, parsed('parseCsImConfiguration()'));
  checkArgument('policyOfCsImConfiguration()', 'scope', scope, maybeObject('{ site } or nothing'));
  const wanted = scope.site === undefined ? ['Global'] : [scopeName('Site', scope.site), 'Global'];
  const { enableOfflineIm } = pickScope(configurations, wanted);
  return enableOfflineIm === undefined ? {} : { enableOfflineIm };
}

/** One policy's part of what `Get-CsClientPolicy` prints. */
export interface CsClientPolicy {
  /** `Global`, `Site:<name>` or `Tag:<name>`. */
  readonly identity: string;
  /** Left out where the policy does not set it. */
  readonly enableImAutoArchiving?: boolean;
}

/**
 * Reads the output of `Get-CsClientPolicy`, in the forms that {@link parseCsImConfiguration} reads.
 *
 * @returns One entry per policy, in the order of the output.
 * @throws {OfflineImError} `CMDLET_OUTPUT_UNREADABLE` for anything else, with what was found and what is expected.
 * @example
 * ```ts
 * const policy = policyOfCsClientPolicy(parseCsClientPolicy(output), { tag: 'Sales' }); // { enableImAutoArchiving: false }
 * ```
 */
export function parseCsClientPolicy(output: string): readonly CsClientPolicy[] {
  return readSetting(output, 'Get-CsClientPolicy', 'EnableIMAutoArchiving').map(({ identity, value }) =>
    value === undefined ? { identity } : { identity, enableImAutoArchiving: value },
  );
}

/**
 * The part of a policy that holds for a user: the policy assigned by tag, else the site's, else the global one.
 *
 * @param scope `tag`: the policy assigned to the user, `site`: the user's site, each with or without its prefix. A tag that the listing
 * lacks is an error, since the user's own policy is then unknown; a site that it lacks has none. @default the global policy
 * @throws {OfflineImError} `OPTION_INVALID` when the listing has none that applies.
 */
export function policyOfCsClientPolicy(
  policies: readonly CsClientPolicy[],
  scope: { readonly tag?: string | undefined; readonly site?: string | undefined } = {},
): Pick<Policy, 'enableImAutoArchiving'> {
  checkArgument('policyOfCsClientPolicy()', 'policies', policies, parsed('parseCsClientPolicy()'));
  checkArgument('policyOfCsClientPolicy()', 'scope', scope, maybeObject('{ tag, site } or nothing'));
  const fallbacks = scope.site === undefined ? ['Global'] : [scopeName('Site', scope.site), 'Global'];
  const wanted = scope.tag === undefined ? fallbacks : [scopeName('Tag', scope.tag)];
  const { enableImAutoArchiving } = pickScope(policies, wanted);
  return enableImAutoArchiving === undefined ? {} : { enableImAutoArchiving };
}

function parsed(by: string): OptionRule<unknown> {
  return listWith(`what ${by} returns`, { identity: 'string' });
}
