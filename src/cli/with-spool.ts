import { openSpool } from '../admin/open-spool.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import { urlProblem } from '../admin/where.ts';
import { asError } from '../core/errors/thrown.ts';
import { tablesIn } from '../spool/postgres/tables/statement.ts';
import type { SealOptions } from '../spool/sealed/keys.ts';
import { type Call, textOption } from './command.ts';
import { type Config, configOf } from './config/config.ts';
import { UsageError } from './exit-codes.ts';
import { atShell } from './terminal/remedies.ts';

/** The place of the spool for a command, if named: `--spool`, `OFFLINE_IM_SPOOL`, or from the config. */
export async function spoolOf(call: Call, config: Config): Promise<string | undefined> {
  // An empty variable counts as missing.
  const where = textOption(call, 'spool') ?? (call.env.OFFLINE_IM_SPOOL || config.spool);
  if (where === undefined || where === '') return undefined;
  call.secrets.hideInPlace(where);
  const problem = urlProblem(where);
  if (problem !== undefined) throw new UsageError(problem);
  return where;
}

/** The same. @throws {UsageError} if none is named */
export async function spoolNamed(call: Call, config?: Config): Promise<string> {
  const where = await spoolOf(call, config ?? (await configOf(call)));
  if (where !== undefined) return where;
  throw new UsageError('Which spool? Name it with --spool PATH|URL, in OFFLINE_IM_SPOOL, or as spool in offline-im.config.json.');
}

/** The schema of a PostgreSQL spool. @throws {UsageError} */
export function schemaOf(call: Call, config: Config): string {
  const schema = textOption(call, 'schema') ?? config.schema ?? 'offline_im';
  try {
    tablesIn(schema);
  } catch (error) {
    throw new UsageError(asError(error).message);
  }
  return schema;
}

/** The keys of a sealed spool, as the config names them. */
export function keysOf(call: Call, { keys, routingKey }: Config): SealOptions | undefined {
  if (keys === undefined) return undefined;
  const read = (name: string, given: unknown): Uint8Array =>
    new Uint8Array(Buffer.from(call.secrets.read(name, given, call), 'base64'));
  return { keys: keys.map(({ id, key }) => ({ id, key: read(`keys ${id}`, key) })), routingKey: read('routingKey', routingKey) };
}

/** Opens the spool for `use`, and closes it afterwards. */
export async function withSpool<Result>(
  call: Call,
  use: (spool: SpoolHandle) => Promise<Result>,
  onCorrupt: (report: { readonly where: string; readonly error: Error }) => void = ({ where }) =>
    call.output.note(`warning: the entry ${where} is unreadable and was set aside`),
): Promise<Result> {
  const config = await configOf(call);
  const spool = await openSpool(await spoolNamed(call, config), {
    schema: schemaOf(call, config),
    keys: keysOf(call, config),
    onCorrupt,
    onWarning: (error) => call.output.note(`warning: ${atShell(error)}`),
  });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}
