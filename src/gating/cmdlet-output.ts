import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';

interface Line {
  readonly indent: number;
  readonly text: string;
}

/** A property's name, and its value, which may be empty. A hyphen is in no name: `Get-CsX : The term …` is an error of PowerShell's. */
const property = /^([a-z_]\w*)(\s*:(?:\s+|$))(.*)$/i;
/** `PS C:\> Get-CsImConfiguration`, copied along. */
const prompt = /^PS\b.*>/;

/**
 * Reads PowerShell's list output: `Name : Value` a line, wrapped values indented to the column of the value, objects one below another.
 *
 * @param text With line feeds only.
 */
export function readListOutput(text: string, fail: (found: string) => OfflineImError): readonly ReadonlyMap<string, string>[] {
  const blocks: Map<string, string>[] = [];
  let block: Map<string, string> | undefined;
  let open: { readonly name: string; readonly column: number } | undefined;
  let afterGap = false;

  for (const { indent, text: line } of text.split('\n').map(measured)) {
    if (line === '') {
      afterGap = true;
      continue;
    }
    if (indent === 0 && prompt.test(line)) continue;
    const [, name, separator, value = ''] = property.exec(line) ?? [];
    // By its column, not by any indent: a listing may be indented as a whole, or all but its first line.
    const wrapped = indent > 0 && (name === undefined || indent >= (open?.column ?? Number.POSITIVE_INFINITY));
    if (wrapped && block !== undefined && open !== undefined) {
      block.set(open.name, `${block.get(open.name) ?? ''} ${line}`.trim());
      continue;
    }
    if (name === undefined || separator === undefined) throw fail(`A line of the output is ${quoted(line)}, not "Name : Value"`);

    const key = name.toLowerCase();
    // Not every gap: mails and consoles double the line breaks. Each object prints its Identity, and a name only once.
    const startsBlock = block === undefined || block.has(key) || (afterGap && key === 'identity' && block.size > 0);
    if (startsBlock || block === undefined) {
      block = new Map();
      blocks.push(block);
    }
    block.set(key, value.trim());
    open = { name: key, column: indent + name.length + separator.length };
    afterGap = false;
  }
  return blocks;
}

function measured(raw: string): Line {
  const text = raw.trim();
  return { indent: raw.length - raw.trimStart().length, text };
}

/** One object of a cmdlet's output: its properties by name in lower case. */
export type CmdletBlock = ReadonlyMap<string, unknown>;

/** One scope's value of one setting; `value` is `undefined` where the setting is empty there. */
export interface ScopedSetting {
  readonly identity: string;
  readonly value: boolean | undefined;
}

/**
 * Reads one boolean setting of every scope from what a cmdlet printed: its list output, or that of `ConvertTo-Json`.
 *
 * @param cmdlet Its name, for errors.
 * @param setting The property's name, matched without regard to case.
 * @throws {OfflineImError} `CMDLET_OUTPUT_UNREADABLE`, with what was found and what is expected.
 */
export function readSetting(output: string, cmdlet: string, setting: string): readonly ScopedSetting[] {
  const fail = (found: string): OfflineImError => {
    const expected = `Expected the output of ${cmdlet} as a list (${cmdlet} | Format-List) or as JSON (${cmdlet} | ConvertTo-Json), with Identity and ${setting}`;
    return new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}. ${expected}.`, { details: { cmdlet, setting } });
  };
  if (typeof output !== 'string') throw fail(`The output is ${quoted(output)}, not a string`);
  const text = cleaned(output);
  if (text === '') throw fail('The output is empty');
  const blocks = /^\s*[[{]/.test(text) ? readJson(text, fail) : readListOutput(text, fail);
  if (blocks.length === 0) throw fail('The output lists no object');

  const name = setting.toLowerCase();
  // A listing without it is another cmdlet's, and must not pass for "nothing is set".
  if (!blocks.some((block) => block.has(name))) {
    throw fail(`The output has no ${setting}; it has ${quoted([...(blocks[0]?.keys() ?? [])].join(', '))}`);
  }
  const settings = blocks.map((block) => {
    const identity = readIdentity(block.get('identity'), fail);
    return { identity, value: readBoolean(block.get(name), `${setting} of ${quoted(identity)}`, fail) };
  });
  const identities = settings.map((scope) => scope.identity.toLowerCase());
  const twice = identities.find((identity, index) => identities.indexOf(identity) < index);
  if (twice !== undefined) throw fail(`The output has the scope ${quoted(twice)} twice`);
  return settings;
}

/**
 * The first of these scopes that is listed.
 *
 * @throws {OfflineImError} `OPTION_INVALID` when none is.
 */
export function pickScope<T extends { readonly identity: string }>(list: readonly T[], wanted: readonly string[]): T {
  for (const scope of wanted) {
    const found = list.find((item) => item.identity.toLowerCase() === scope.toLowerCase());
    if (found !== undefined) return found;
  }
  const names = list.map((item) => item.identity).join(', ');
  throw new OfflineImError('OPTION_INVALID', `The listing has none of ${quoted(wanted.join(', '))}; it has ${quoted(names)}.`);
}

/** `Redmond` → `Site:Redmond`; a prefix that is there already stays. */
export function scopeName(prefix: 'Site' | 'Tag', name: string): string {
  return name.toLowerCase().startsWith(`${prefix.toLowerCase()}:`) ? name : `${prefix}:${name}`;
}

/** Takes off byte order marks, and the NULs that UTF-16 leaves when it is read as a one-byte encoding (PowerShell's `>` writes UTF-16). */
function cleaned(output: string): string {
  const text = output.includes('\0') ? output.replaceAll('\0', '').replace(/^(?:ÿþ|þÿ|\ufffd\ufffd)/, '') : output;
  return text
    .replace(/^(?:\ufeff|ï»¿)/, '')
    .replaceAll(/\r*\n|\r/g, '\n')
    .replace(/^\s*\n/, '')
    .trimEnd();
}

function readJson(text: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw fail('The output starts like JSON, but is not valid JSON');
  }
  return listOf(parsed).map((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      throw fail(`The JSON holds ${quoted(item)} where an object belongs`);
    return new Map(Object.entries(item).map(([key, value]) => [key.toLowerCase(), value]));
  });
}

/** Windows PowerShell 5 writes some lists as `{ "value": […], "Count": n }`. */
function listOf(parsed: unknown): readonly unknown[] {
  if (Array.isArray(parsed)) return parsed;
  const wrapped = (parsed as { value?: unknown }).value;
  return Array.isArray(wrapped) ? wrapped : [parsed];
}

function readIdentity(value: unknown, fail: (found: string) => OfflineImError): string {
  if (typeof value === 'string' && value.trim() !== '') return value.trim();
  throw fail(value === undefined ? 'An object has no Identity' : `An Identity is ${quoted(value)}`);
}

function readBoolean(value: unknown, what: string, fail: (found: string) => OfflineImError): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null || value === '') return undefined;
  const word = typeof value === 'string' ? /^\$?(true|false)$/i.exec(value.trim())?.[1] : undefined;
  if (word === undefined) throw fail(`${what} is ${quoted(value)}, neither True nor False`);
  return word.toLowerCase() === 'true';
}
