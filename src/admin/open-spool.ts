import { userInfo } from 'node:os';
import { anyString, checkArgument } from '../core/arguments.ts';
import { systemClock } from '../core/clock.ts';
import { byDefault, callback, optional, type RulesFor, readOptions, text, unchecked } from '../core/options.ts';
import type { SpoolContext } from '../spool/contract.ts';
import type { PgPool } from '../spool/postgres/connection/pool.ts';
import type { SealOptions } from '../spool/sealed/keys.ts';
import { SpoolHandle } from './spool-handle.ts';
import { openStorage } from './storage.ts';

/** Options of {@link openSpool}. */
export interface OpenSpoolOptions {
  /** Keys of a sealed spool. Without them its addresses, texts and reasons can't be read. @default none */
  readonly keys?: SealOptions | undefined;
  /** The schema of a PostgreSQL spool. @default 'offline_im' */
  readonly schema?: string | undefined;
  /** The name that audits and pauses show, 1 to 100 characters. @default the user of the operating system */
  readonly by?: string | undefined;
  /** Called with anything that loses no message but that someone should know. @default none */
  readonly onWarning?: ((error: Error) => void) | undefined;
  /** Called for each entry that could not be read and was set aside. @default none */
  readonly onCorrupt?: ((report: { readonly where: string; readonly error: Error }) => void) | undefined;
}

const rules = {
  keys: unchecked<SealOptions | undefined>(),
  schema: byDefault(text('the name of a schema'), 'offline_im'),
  by: optional(text('a name of 1 to 100 characters', (value) => value !== '' && value.length <= 100)),
  onWarning: optional(callback<(error: Error) => void>()),
  onCorrupt: optional(callback<NonNullable<OpenSpoolOptions['onCorrupt']>>()),
} satisfies RulesFor<OpenSpoolOptions>;

/** ms: what the sender keeps by default. */
const tombstones = 86_400_000;

/**
 * Opens a spool for an operator: the folder of a `FileSpool`, the file of an `SqliteSpool`, a PostgreSQL URL or pool. The kind is recognised by what is there; nothing is
 * created. Needs no sender, and disturbs none.
 *
 * @throws {OfflineImError} `OPTION_INVALID` for a URL of another kind; `SPOOL_ROOT_UNUSABLE` if there is no spool; `SPOOL_LOCKED` if a folder is in use and its owner does not respond; the other codes
 * of opening a spool
 * @example
 * ```ts
 * const spool = await openSpool('/var/spool/my-bot/spool.db');
 * for (const { sentence, advice } of await spool.explain('ticket-4711')) console.log(sentence, advice);
 * await spool.close();
 * ```
 */
export async function openSpool(where: string | PgPool, options: OpenSpoolOptions = {}): Promise<SpoolHandle> {
  if (typeof where !== 'object' || where === null) {
    checkArgument('openSpool()', 'where', where, anyString('a path, the URL of a database, or a Pool of pg'));
  }
  const { keys, schema, by, onWarning, onCorrupt } = readOptions('openSpool()', options, rules);
  const context: SpoolContext = {
    clock: systemClock,
    tombstones,
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(onCorrupt === undefined ? {} : { onCorrupt }),
  };
  return new SpoolHandle(await openStorage(where, { keys, schema }, context), by ?? systemUser());
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container whose user has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
