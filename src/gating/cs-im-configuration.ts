import { pickScope, readSetting, scopeName } from './cmdlet-output.ts';
import type { Policy } from './policy.ts';

/** One scope's part of what `Get-CsImConfiguration` prints. */
export interface CsImConfiguration {
  /** `Global` or `Site:<name>`. */
  readonly identity: string;
  /** Left out where the scope does not set it. */
  readonly enableOfflineIm?: boolean;
}

/**
 * Reads the output of `Get-CsImConfiguration`: PowerShell's list, or what `ConvertTo-Json` makes of it; one scope or several.
 * Names match without regard to case; byte order marks, UTF-16 read as bytes, wrapped lines and empty lines are coped with.
 *
 * @returns One entry a scope, in the order of the output.
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
  const wanted = scope.site === undefined ? ['Global'] : [scopeName('Site', scope.site), 'Global'];
  const { enableOfflineIm } = pickScope(configurations, wanted);
  return enableOfflineIm === undefined ? {} : { enableOfflineIm };
}
