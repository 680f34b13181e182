import { lstatSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { quoted } from '../../core/errors/quote.ts';
import { asError, property } from '../../core/errors/thrown.ts';
import { having, listOf, optional, type RulesFor, readOptions, rule, text, unchecked } from '../../core/options.ts';
import type { OfflineImSenderOptions } from '../../sender/options.ts';
import type { Transport } from '../../transport/contract.ts';
import { type Call, textOption } from '../command.ts';
import { UsageError } from '../exit-codes.ts';
import { checkReadable, withoutMark } from '../readable-file.ts';

/** What `offline-im.config.json` says; `.js` and `.mjs` export it by default, and may have a transport of their own. */
export interface Config {
  readonly spool?: string | undefined;
  readonly schema?: string | undefined;
  /** Base64 of 32 bytes each, as secrets. */
  readonly keys?: readonly { readonly id: string; readonly key: unknown }[] | undefined;
  readonly routingKey?: unknown;
  readonly identity?: OfflineImSenderOptions['identity'] | undefined;
  readonly client?: OfflineImSenderOptions['client'] | undefined;
  readonly policy?: OfflineImSenderOptions['policy'] | undefined;
  readonly organization?: OfflineImSenderOptions['organization'] | undefined;
  readonly ews?: EwsConfig | undefined;
  readonly graph?: GraphConfig | undefined;
  readonly transport?: Transport | undefined;
}

/** How Exchange is reached. */
export interface EwsConfig {
  /** Found by Autodiscover where it is missing. */
  readonly url?: string | undefined;
  readonly login?: 'basic' | 'ntlm' | 'bearer' | undefined;
  readonly username?: string | undefined;
  readonly password?: unknown;
  readonly token?: unknown;
  /** File with the certificates (PEM) that are trusted for the server. */
  readonly ca?: string | undefined;
}

/** How Microsoft Graph is reached. */
export interface GraphConfig {
  readonly root?: string | undefined;
  readonly token: unknown;
}

const path = () => optional(text('a text'));
const object = <T>(expected: string) => optional(rule<T>(expected, (value) => typeof value === 'object' && value !== null));

const ewsRules = {
  url: path(),
  login: optional(
    rule<'basic' | 'ntlm' | 'bearer'>("'basic', 'ntlm' or 'bearer'", (value) =>
      ['basic', 'ntlm', 'bearer'].includes(String(value)),
    ),
  ),
  username: path(),
  password: unchecked<unknown>(),
  token: unchecked<unknown>(),
  ca: path(),
} satisfies RulesFor<EwsConfig>;
const graphRules = { root: path(), token: unchecked<unknown>() } satisfies RulesFor<GraphConfig>;
const keyRules = { id: text('the id of a key'), key: unchecked<unknown>() };
const within = <T>(owner: string, rules: Parameters<typeof readOptions>[2]) =>
  optional({ expected: 'an object', read: (value: unknown) => readOptions(owner, value, rules) as T });

const rules = {
  spool: path(),
  schema: path(),
  keys: optional(
    listOf(
      { expected: '{ id, key }', read: (value: unknown) => readOptions('config.keys', value, keyRules) },
      'an array of { id, key }',
    ),
  ),
  routingKey: unchecked<unknown>(),
  identity: object<OfflineImSenderOptions['identity']>('{ sip }'),
  client: optional(
    rule<OfflineImSenderOptions['client']>(
      '{ version, mailboxLocation }',
      (value) => typeof value === 'function' || typeof value === 'object',
    ),
  ),
  policy: optional(unchecked<NonNullable<OfflineImSenderOptions['policy']>>()),
  organization: object<NonNullable<OfflineImSenderOptions['organization']>>('{ domains }'),
  ews: within<EwsConfig>('config.ews', ewsRules),
  graph: within<GraphConfig>('config.graph', graphRules),
  transport: optional(having<Transport>('a transport', ['deliver', 'probe', 'placeOf'])),
} satisfies RulesFor<Config>;

const names = ['offline-im.config.json', 'offline-im.config.js', 'offline-im.config.mjs'] as const;

/** The config file named on the command line, or the one in the working folder if it is the user's own. @throws {UsageError} */
export async function configOf(call: Pick<Call, 'values' | 'cwd' | 'output' | 'secrets'>): Promise<Config> {
  const named = textOption(call, 'config');
  const file = named === undefined ? found(call) : resolve(call.cwd, named);
  if (file === undefined) return {};
  await checkReadable(file);
  try {
    const given = await contentOf(file);
    call.secrets.hideInConfig(given);
    return readOptions('config', given, rules) as Config;
  } catch (error) {
    throw new UsageError(`The config ${file} can't be used: ${asError(error).message}`);
  }
}

/** The content of a file. Refuses a module whose default export is not an object: it would look like an empty config. */
async function contentOf(file: string): Promise<object> {
  if (file.endsWith('.json')) return anObject(parsed(readFileSync(file, 'utf8')), 'it holds');
  if (!/\.[cm]?[jt]s$/.test(file)) throw new Error('its name does not end in .json, .js, .mjs or .cjs.');
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  if (module.default !== undefined) return anObject(await module.default, 'it exports by default');
  const others = Object.keys(module).map((name) => quoted(name));
  const found = others.length === 0 ? 'it exports nothing' : `it exports ${others.join(', ')} and nothing by default`;
  throw new Error(`${found}; expected export default { … }.`);
}

function anObject(value: unknown, has: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  // Doesn't show the value, which may be a secret.
  throw new Error(
    `${has} ${Array.isArray(value) ? 'an array' : `a value of type ${value === null ? 'null' : typeof value}`}; expected an object.`,
  );
}

/** Parses JSON; the error leaves out the excerpt that the platform adds, since it may be part of a secret. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(withoutMark(text));
  } catch (error) {
    const [why] = asError(error).message.split(/, (?:\.\.\.)?"/);
    throw new SyntaxError(`it is not JSON (${why})`);
  }
}

function found({ cwd, output }: Pick<Call, 'cwd' | 'output'>): string | undefined {
  for (const name of names) {
    const file = join(cwd, name);
    const stranger = whoseElse(file);
    if (stranger === undefined) return file;
    if (stranger !== 'missing') output.note(`warning: ${file} is ignored: ${stranger}. Pass it with --config if you trust it.`);
  }
  return undefined;
}

/** Why a file, which may run code, is not read by default; `undefined` if it is ours alone. */
function whoseElse(file: string): string | undefined {
  const facts = lstatSync(file, { throwIfNoEntry: false });
  if (facts === undefined) return 'missing';
  if (!facts.isFile()) return 'it is a link, or not a file';
  const user = process.getuid?.();
  // Windows: the folder's rights decide who may write it.
  if (user === undefined) return undefined;
  if (facts.uid !== user) return 'it belongs to another user';
  if ((facts.mode & 0o022) !== 0) return 'other users can write to it';
  const folder = lstatSync(dirname(file));
  const shared = (folder.mode & 0o022) !== 0 && (folder.mode & 0o1000) === 0;
  if (shared || (folder.uid !== user && folder.uid !== 0))
    return 'other users can replace it, because they can write to its folder';
  return undefined;
}

/** A part of the config that a command can't do without. @throws {UsageError} */
export function needed<Name extends keyof Config>(config: Config, name: Name, command: string): NonNullable<Config[Name]> {
  const value: unknown = property(config, name);
  if (value !== undefined) return value as NonNullable<Config[Name]>;
  throw new UsageError(`${command} needs ${name}, in offline-im.config.json or in the file passed with --config.`);
}
