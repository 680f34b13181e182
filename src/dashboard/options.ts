import { SpoolHandle } from '../admin/spool-handle.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { byDefault, callback, having, optional, type RulesFor, readOptions, rule, secret, text } from '../core/options.ts';
import type { SpoolStorage } from '../spool/contract.ts';

/** A user of the dashboard, and their permissions. */
export interface DashboardUser {
  /** Named in the audit and in pauses: 1 to 100 characters. */
  readonly user: string;
  /** Whether they may pause, resume and requeue. */
  readonly mayChange: boolean;
  /** Whether they may read the texts of messages; each reading is audited. */
  readonly mayReadText: boolean;
}

/** Options of {@link dashboard}. */
export interface DashboardOptions {
  /** The result of `openSpool()`, or the spool of a sender in this process, which has it open. */
  readonly spool: SpoolHandle | SpoolStorage;
  /** Path under which your server calls the handler, such as `/admin/messages`. @default '' */
  readonly basePath?: string | undefined;
  /**
   * Your login: called for every request, without its body. Returns the user, or a `Response` to send instead (401, or a redirect to your login). If it throws, the
   * response is 500 without the reason.
   */
  authorize(request: Request): DashboardUser | Response | Promise<DashboardUser | Response>;
  /** Key that signs forms, 16 characters or more; processes behind one address share it. @default random, for a single process */
  readonly secret?: string | undefined;
  /** Clock for the numbers over time. @default the machine's */
  readonly clock?: Clock | undefined;
}

const isPath = (value: string): boolean => value === '' || /^(\/[\w.~-]+)+$/.test(value);

const rules = {
  spool: having<SpoolHandle | SpoolStorage>('what openSpool() gave, or a SpoolStorage', ['close', 'list']),
  basePath: byDefault(text("'' or a path that begins with a slash and does not end with one", isPath), ''),
  authorize: callback<DashboardOptions['authorize']>(),
  secret: optional(secret('a string of 16 characters or more', (value) => value.length >= 16)),
  clock: byDefault(having<Clock>('a Clock', ['now', 'monotonic', 'setTimer']), systemClock),
} satisfies RulesFor<DashboardOptions>;

/** Options with their defaults. */
export interface DashboardSettings {
  readonly spool: SpoolHandle;
  readonly basePath: string;
  readonly secret: string;
  readonly clock: Clock;
  authorize(request: Request): Promise<unknown>;
}

/** @throws {OfflineImError} `OPTION_INVALID` */
export function dashboardSettings(given: DashboardOptions): DashboardSettings {
  const { spool, basePath, authorize, secret, clock } = readOptions('dashboard()', given, rules);
  return {
    spool: spool instanceof SpoolHandle ? spool : new SpoolHandle(spool, 'dashboard'),
    basePath,
    secret: secret ?? randomSecret(),
    clock,
    authorize: async (request) => authorize(request),
  };
}

const userRules = {
  user: text('a name of 1 to 100 characters', (value) => value !== '' && value.length <= 100),
  mayChange: rule<boolean>('true or false', (value) => typeof value === 'boolean'),
  mayReadText: rule<boolean>('true or false', (value) => typeof value === 'boolean'),
} satisfies RulesFor<DashboardUser>;

/** Checks the host's user, which may have further properties. @throws {OfflineImError} `OPTION_INVALID` */
export function checkedUser(given: unknown): DashboardUser {
  if (typeof given !== 'object' || given === null) {
    throw new OfflineImError('OPTION_INVALID', 'authorize() gave neither { user, mayChange, mayReadText } nor a Response.');
  }
  const { user, mayChange, mayReadText } = given as Partial<DashboardUser>;
  return readOptions('authorize()', { user, mayChange, mayReadText }, userRules);
}

function randomSecret(): string {
  return [...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
