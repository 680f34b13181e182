import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { readCsv } from './csv-output.ts';
import { flattened, readJson } from './json-output.ts';
import { type CmdletBlock, nameKey, readListOutput } from './list-output.ts';
import { readTables } from './table-output.ts';
import { cleaned, isNoise } from './terminal-text.ts';
import { isXml, readXml, unescaped } from './xml-output.ts';

/** One scope's value of one setting; `value` is `undefined` where the setting is empty there. */
export interface ScopedSetting {
  readonly identity: string;
  readonly value: boolean | undefined;
}

/**
 * Reads one boolean setting of every scope from what a cmdlet printed: as a list, as a table, or as what `ConvertTo-Json`, `ConvertTo-Csv`, `ConvertTo-Xml` and `Export-Clixml` make of it.
 *
 * @param cmdlet Its name, for errors.
 * @param setting The property's name, matched without regard to case.
 * @throws {OfflineImError} `CMDLET_OUTPUT_UNREADABLE`, with what was found and what is expected.
 */
export function readSetting(output: string, cmdlet: string, setting: string): readonly ScopedSetting[] {
  const fail = (found: string): OfflineImError => {
    const expected = `Expected the output of ${cmdlet} as a list (${cmdlet} | Format-List), a table or JSON (${cmdlet} | ConvertTo-Json), with Identity and ${setting}`;
    return new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}. ${expected}.`, { details: { cmdlet, setting } });
  };
  if (typeof output !== 'string') throw fail(`The output is ${quoted(output)}, not a string`);
  if (output.length > longestOutput) throw fail(`The output has more than ${longestOutput} characters`);
  const tabbed = cleaned(output);
  const text = tabbed.replaceAll('\t', ' ');
  if (text === '') throw fail('The output is empty');
  refuseErrorRecord(text, cmdlet, fail);

  const name = nameKey(setting);
  const blocks = blocksOf(text, tabbed, name, fail);
  if (blocks.length === 0) throw fail('The output lists no object');
  refuseLeftOut(isXml(text) ? unescaped(tabbed) : tabbed, blocks, name, fail);
  // An object without it is another cmdlet's, pasted along, and must not pass for "nothing is set".
  const ofThisCmdlet = blocks.filter((block) => block.has(name));
  if (ofThisCmdlet.length === 0) {
    throw fail(`The output has no ${setting}; it has ${quoted([...(blocks[0]?.keys() ?? [])].join(', '))}`);
  }
  const settings = ofThisCmdlet.map((block) => {
    const identity = readIdentity(block.get('identity'), fail);
    return { identity, value: readBoolean(block.get(name), `${setting} of ${quoted(identity)}`, fail) };
  });
  const identities = settings.map((scope) => scope.identity.toLowerCase());
  const last = new Map(identities.map((identity, index) => [identity, index] as const));
  const twice = identities.find((identity, index) => last.get(identity) !== index);
  if (twice !== undefined) throw fail(`The output has the scope ${quoted(twice)} twice`);
  refuseSaidBesides(text, setting, blocks, settings, fail);
  return settings;
}

/**
 * The same beside it in another form, such as JSON below a list, is not read: what it says must not be more than what was. Where all scopes that were read say
 * just that, it is no other value: a quotation of the same listing, or a word of whoever pasted it.
 */
function refuseSaidBesides(
  text: string,
  setting: string,
  blocks: readonly CmdletBlock[],
  settings: readonly ScopedSetting[],
  fail: (found: string) => OfflineImError,
): void {
  // No parameter of a command.
  const said = new RegExp(String.raw`(?<![\p{Pd}\p{L}])${setting}[^\p{L}\p{N}\n]{1,20}(true|false)\b`, 'giu');
  const count = (within: string, value: boolean): number =>
    [...within.matchAll(said)].filter(([, word]) => word?.toLowerCase() === String(value)).length;
  const inValues = blocks.flatMap((block) => [...block.values()].flatMap(stringsIn));
  // Export-Clixml writes what Select-Object has made a second time: <ToString>@{Identity=Global; EnableOfflineIm=True}</ToString>.
  const asString = [...text.matchAll(/<ToString>([^<]*)/g)].map(([, shown = '']) => shown);
  for (const value of [true, false]) {
    const own = settings.filter((scope) => scope.value === value).length;
    const read = own + Math.min(own, count(asString.join('\n'), value)) + count(inValues.join('\n'), value);
    if (own < settings.length && count(text, value) > read)
      throw fail(`The output has ${setting} ${value} in an unexpected place, or twice`);
  }
}

/** However deep they lie, such as the attributes of an object's XML in JSON. */
function stringsIn(value: unknown): readonly string[] {
  const strings: string[] = [];
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'string') strings.push(next);
    else if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner);
  }
  return strings;
}

/** In UTF-16 units; thousands of policies, all properties of each. */
const longestOutput = 10_000_000;

/** By the form of the line that has the setting; where none has, what the text starts like is what gets refused. */
function blocksOf(text: string, tabbed: string, name: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  if (isXml(text)) return readXml(text, name, fail);
  const wanted = new Set(['identity', name]);
  const lines = text.split('\n').map((line) => nameKey(line));
  if (lines.some((line) => line.startsWith(name) && line.slice(name.length).trimStart().startsWith(':'))) {
    return readListOutput(text, wanted, fail);
  }
  // An empty list and an unfinished one too; not the prompt of a remote session, nor what colours leave.
  const json = /^[ \t]*(?:\[\s*(?:[\]{["]|null|true|false|-?\d|$)|\{\s*(?:["}]|$))/m.exec(withoutNoise(text));
  if (json !== null) return readJson(withoutNoise(text).slice(json.index), wanted, fail);
  const flat = text.split('\n').flatMap((line) => flattened(line, fail) ?? []);
  if (flat.length > 0) return flat;
  const separated = readCsv(tabbed, wanted, fail);
  if (separated.length > 0) return separated;
  const rows = readTables(text, fail);
  return rows.some((row) => row.has(name)) ? rows : readListOutput(text, wanted, fail);
}

function withoutNoise(text: string): string {
  return text
    .split('\n')
    .filter((line) => !isNoise(line.trim()))
    .join('\n');
}

/** A cmdlet that failed has listed a part of what there is at best: the scopes it lacks would pass for scopes that set nothing. */
function refuseErrorRecord(text: string, cmdlet: string, fail: (found: string) => OfflineImError): void {
  const error = text.split('\n').find((line) => new RegExp(`^\\s*${cmdlet}\\s*:`, 'i').test(line));
  if (error !== undefined) throw fail(`A line of the output is ${quoted(error.trim())}, not "Name : Value"`);
}

/** A scope's name up to what may be written otherwise in another form: quotes, separators, escapes. */
const scope = String.raw`(?:site|tag|service):[^\s"'\u201c-\u201e,;|<>(){}[\]\\]+`;
/** At the beginning of a line, behind the marks of lists, quotations and frames. */
const inRow = new RegExp(String.raw`^[^\p{L}]*(${scope}|global(?=\W*[,;|\t]|\s+(?:true|false)\s*$))`, 'iu');
/** As the value of a property, but no parameter of a command. */
const inProperty = new RegExp(String.raw`(?<![\p{Pd}\p{L}])identity[^\p{L}\p{N}\n]{1,40}(${scope}|global\b)`, 'giu');

/** A scope that stands in the text and was not read, such as below a gap, or in another form than the rest, would pass for one that sets nothing. */
function refuseLeftOut(
  tabbed: string,
  blocks: readonly CmdletBlock[],
  setting: string,
  fail: (found: string) => OfflineImError,
): void {
  const names = blocks.map(nameIn);
  const known = new Set(names);
  const isRead = (name: string): boolean => known.has(name) || names.some((one) => one.startsWith(name));
  let others: readonly string[] | undefined;
  for (const line of tabbed.split('\n')) {
    const found = [inRow.exec(line), ...line.matchAll(inProperty)].flatMap((one) => one?.[1]?.toLowerCase() ?? []);
    for (const name of found) {
      if (isRead(name)) {
        known.add(name);
        continue;
      }
      others ??= namesOfOthers(tabbed.replaceAll('\t', ' '), setting, fail);
      if (!others.some((one) => one.startsWith(name)) && !blocks.some((block) => speaksOf(block, name)))
        throw fail(`The scope ${quoted(name)} is in the output, but in an unexpected place`);
    }
  }
}

/** Scopes of other cmdlets' objects, pasted along in another form. */
function namesOfOthers(text: string, setting: string, fail: (found: string) => OfflineImError): readonly string[] {
  const readers = [() => readTables(text, fail), () => readListOutput(text, new Set(['identity']), fail)];
  return readers.flatMap((read) => {
    try {
      return read()
        .filter((block) => !block.has(setting))
        .map(nameIn);
    } catch {
      return [];
    }
  });
}

/** In a value of several lines; one with the setting's own words has swallowed more than that. */
function speaksOf(block: CmdletBlock, name: string): boolean {
  return [...block].some(([key, value]) => {
    const text = key !== 'identity' && typeof value === 'string' ? value.toLowerCase() : '';
    return text.includes(name) && !/\b(?:true|false)\b/.test(text);
  });
}

function nameIn(block: CmdletBlock): string {
  return String(block.get('identity')).replace(/^["']/, '').toLowerCase();
}

/**
 * The first of these scopes that is listed.
 *
 * @throws {OfflineImError} `OPTION_INVALID` when none is, or one that differs in its spaces only.
 */
export function pickScope<T extends { readonly identity: string }>(list: readonly T[], wanted: readonly string[]): T {
  for (const scope of wanted) {
    const found = list.find((item) => item.identity.toLowerCase() === scope.toLowerCase());
    if (found !== undefined) return found;
    const broken = list.find((item) => unspaced(item.identity) === unspaced(scope));
    if (broken !== undefined) {
      const what = `The listing has ${quoted(broken.identity)}, which differs from ${quoted(scope)} only in spaces`;
      throw new OfflineImError(
        'OPTION_INVALID',
        `${what}; if a console wrapped the name, print the listing as JSON (ConvertTo-Json).`,
      );
    }
  }
  const names = list.map((item) => item.identity).join(', ');
  throw new OfflineImError('OPTION_INVALID', `The listing has none of ${quoted(wanted.join(', '))}; it has ${quoted(names)}.`);
}

/** Consoles break lines within words, too: such a scope must not pass for one that is not listed. */
function unspaced(name: string): string {
  return name.replaceAll(/\s/g, '').toLowerCase();
}

/** `Redmond` → `Site:Redmond`; a prefix that is there already stays. */
export function scopeName(prefix: 'Site' | 'Tag', name: string): string {
  return name.toLowerCase().startsWith(`${prefix.toLowerCase()}:`) ? name : `${prefix}:${name}`;
}

function readIdentity(value: unknown, fail: (found: string) => OfflineImError): string {
  // YAML may quote it.
  const name = typeof value === 'string' ? value.trim().replace(/^(["'])(.+)\1$/, '$2') : '';
  // A table whose columns do not stand below their names; what YAML says before a value of several lines.
  const isMore = / (?:true|false)$/i.test(name) || /^[>|&*!]/.test(name);
  // Cut off where a column ended: another scope's name, or one of several.
  const isCut = /(?:\.{3}|\u2026)$/.test(name);
  if (name !== '' && !isMore && !isCut) return name;
  throw fail(value === undefined ? 'An object has no Identity' : `An Identity is ${quoted(value)}`);
}

function readBoolean(value: unknown, what: string, fail: (found: string) => OfflineImError): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === null || value === '') return undefined;
  const word = typeof value === 'string' ? /^\$?(true|false)$/i.exec(value.replaceAll(/\s/g, ''))?.[1] : undefined;
  if (word === undefined) throw fail(`${what} is ${quoted(value)}, neither True nor False`);
  return word.toLowerCase() === 'true';
}
