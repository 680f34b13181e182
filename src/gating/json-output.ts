import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { type CmdletBlock, nameKey } from './list-output.ts';

/** Deeper than ConvertTo-Json goes. */
const deepest = 100;

/** A string. Said so that a plain one of any length is one step: alternatives for each character would fill the stack. */
const string = String.raw`"[^"\\]*(?:\\.[^"\\]*)*"`;

/**
 * Reads what `ConvertTo-Json` made of objects: one, a list, several documents one after another, objects inside of others (a hashtable of two
 * cmdlets' output), and `@{Name=Value; …}`, to which it flattens what lies deeper than its -Depth.
 *
 * @param text Cleaned, from the first bracket on.
 * @param wanted Names of properties, folded; an object with one of them is a block.
 */
export function readJson(
  text: string,
  wanted: ReadonlySet<string>,
  fail: (found: string) => OfflineImError,
): readonly CmdletBlock[] {
  const blocks: CmdletBlock[] = [];
  for (const document of documentsIn(text)) {
    const value = parsed(document, fail);
    const twice = nameTwice(document, wanted);
    if (twice !== undefined) throw fail(`An object of the JSON has ${quoted(twice)} twice`);
    collect(value, wanted, blocks, 0, fail);
  }
  return blocks;
}

/**
 * A property that an object has twice: parsers keep the last one and say nothing. What is wanted counts in any case; else PowerShell has such names itself, as in
 * `{ "value": 0, "Value": "WebSearchOnly" }` of an enumeration from a remote session.
 */
function nameTwice(document: string, wanted: ReadonlySet<string>): string | undefined {
  const objects: Set<string>[] = [];
  for (const { 0: token, 1: key, 2: colon } of document.matchAll(new RegExp(`(${string})(\\s*:)?|[{}]`, 'gs'))) {
    if (token === '{') objects.push(new Set());
    else if (token === '}') objects.pop();
    else if (key !== undefined && colon !== undefined) {
      const given = String(JSON.parse(key.replaceAll(/\n */g, '')));
      const name = wanted.has(nameKey(given)) ? nameKey(given) : given;
      if (objects.at(-1)?.has(name)) return name;
      objects.at(-1)?.add(name);
    }
  }
  return undefined;
}

function parsed(document: string, fail: (found: string) => OfflineImError): unknown {
  try {
    return JSON.parse(document);
  } catch {
    try {
      // Copied from a console that broke long lines, inside of strings too.
      return JSON.parse(document.replaceAll(new RegExp(string, 'gs'), (one) => one.replaceAll(/\n */g, '')));
    } catch {
      throw fail('The output starts like JSON, but is not valid JSON');
    }
  }
}

/** Top-level documents; what stands between them is the shell's. An unfinished one counts, so that it is refused. */
function documentsIn(text: string): readonly string[] {
  const documents: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(new RegExp(`${string}|[[\\]{}]`, 'gs'))) {
    if (token === '[' || token === '{') {
      if (depth === 0) start = index;
      depth++;
    } else if ((token === ']' || token === '}') && depth > 0) {
      depth--;
      if (depth === 0) documents.push(text.slice(start, index + 1));
    }
  }
  if (depth > 0 || documents.length === 0) documents.push(text.slice(start));
  return documents;
}

function collect(
  value: unknown,
  wanted: ReadonlySet<string>,
  blocks: CmdletBlock[],
  depth: number,
  fail: (found: string) => OfflineImError,
): void {
  if (depth > deepest) return;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (depth < 2 && (typeof item !== 'object' || item === null) && flattened(item, fail) === undefined)
        throw fail(`The JSON has ${quoted(item)} instead of an object`);
      collect(item, wanted, blocks, depth + 1, fail);
    }
    return;
  }
  const block = typeof value === 'string' ? flattened(value, fail) : propertiesOf(value);
  if (block === undefined) return;
  if ([...wanted].some((name) => block.has(name))) blocks.push(block);
  else for (const inner of block.values()) collect(inner, wanted, blocks, depth + 1, fail);
}

function propertiesOf(value: unknown): CmdletBlock | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const block = new Map<string, unknown>();
  for (const [key, property] of Object.entries(value)) block.set(block.has(nameKey(key)) ? key : nameKey(key), plain(property));
  return block;
}

/** Windows PowerShell 5 writes a value that carries notes of its own as `{ "value": … }`. */
function plain(property: unknown): unknown {
  if (typeof property !== 'object' || property === null || Array.isArray(property)) return property;
  const values = Object.entries(property).flatMap(([key, inner]) => (nameKey(key) === 'value' ? [inner] : []));
  const [inner, ...others] = values.filter((one) => typeof one === 'string' || typeof one === 'boolean');
  return inner === undefined || others.length > 0 ? property : inner;
}

/** `@{Identity=Global; EnableOfflineIm=True}`: an object as PowerShell writes it into a string. */
export function flattened(text: unknown, fail: (found: string) => OfflineImError): CmdletBlock | undefined {
  const inner = typeof text === 'string' ? /^\s*@\{(.*)\}\s*$/s.exec(text)?.[1] : undefined;
  if (inner === undefined) return undefined;
  const block = new Map<string, string>();
  for (const pair of inner.split(/;\s*(?=\w+=|$)/)) {
    const [, key, value = ''] = /^\s*(\w+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined) continue;
    if (block.has(nameKey(key))) throw fail(`An object has ${quoted(key)} twice: ${quoted(inner)}`);
    block.set(nameKey(key), value.trim());
  }
  return block;
}
