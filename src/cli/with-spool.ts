import { openSpool } from '../admin/open-spool.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import type { SealOptions } from '../spool/sealed/keys.ts';
import { type Call, textOption } from './command.ts';
import { type Config, configOf } from './config/config.ts';
import { UsageError } from './exit-codes.ts';

/** Where the spool is that a command speaks of, if it does: `--spool`, `OFFLINE_IM_SPOOL`, or what the config says. */
export async function spoolOf(call: Call, config: Config): Promise<string | undefined> {
  const where = textOption(call, 'spool') ?? call.env.OFFLINE_IM_SPOOL ?? config.spool;
  if (where === undefined || where === '') return undefined;
  call.secrets.hideInPlace(where);
  return where;
}

/** The same. @throws {UsageError} where none is named */
export async function spoolNamed(call: Call, config?: Config): Promise<string> {
  const where = await spoolOf(call, config ?? (await configOf(call)));
  if (where !== undefined) return where;
  throw new UsageError('Which spool? Name it with --spool PATH|URL, in OFFLINE_IM_SPOOL, or as spool in offline-im.config.json.');
}

/** The keys of a sealed spool, as the config names them. */
export function keysOf(call: Call, { keys, routingKey }: Config): SealOptions | undefined {
  if (keys === undefined) return undefined;
  const read = (name: string, given: unknown): Uint8Array =>
    new Uint8Array(Buffer.from(call.secrets.read(name, given, call), 'base64'));
  return { keys: keys.map(({ id, key }) => ({ id, key: read(`keys ${id}`, key) })), routingKey: read('routingKey', routingKey) };
}

/** Opens that spool, and closes it afterwards. */
export async function withSpool<Result>(
  call: Call,
  use: (spool: SpoolHandle) => Promise<Result>,
  onCorrupt: (report: { readonly where: string; readonly error: Error }) => void = ({ where }) =>
    call.output.note(`warning: the entry ${where} can't be read and was set aside`),
): Promise<Result> {
  const config = await configOf(call);
  const spool = await openSpool(await spoolNamed(call, config), {
    schema: textOption(call, 'schema') ?? config.schema,
    keys: keysOf(call, config),
    onCorrupt,
    onWarning: (error) => call.output.note(`warning: ${error.message}`),
  });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}
