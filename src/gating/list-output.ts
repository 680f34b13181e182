import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { isNoise, isStream } from './terminal-text.ts';

/** One object of a cmdlet's output: its properties by name, folded by {@link nameKey}. */
export type CmdletBlock = ReadonlyMap<string, unknown>;

/** A property's name as it is compared: without regard to case, a Turkish i included. */
export function nameKey(name: string): string {
  return name.trim().toLowerCase().replaceAll('i\u0307', 'i').replaceAll('\u0131', 'i');
}

/** A property's name, and its value, which may be empty. A hyphen is in no name: `Get-CsX : The term …` is an error of PowerShell's. */
const property = /^([a-z_\u0130\u0131][\w\u0130\u0131]*)(\s*:(?:\s+|$))(.*)$/i;

interface Open {
  readonly name: string;
  readonly column: number;
}

/**
 * Reads PowerShell's list output: `Name : Value` on each line, wrapped values indented to the column of the value, objects one below another.
 *
 * Lines of the shell between them are passed over. A line that could be the rest of a value, but isn't indented as one, is refused: half a value
 * would name another scope.
 *
 * @param text Cleaned.
 * @param wanted The names that matter, folded: in capitals they are still properties, not streams.
 */
export function readListOutput(
  text: string,
  wanted: ReadonlySet<string>,
  fail: (found: string) => OfflineImError,
): readonly CmdletBlock[] {
  const blocks: Map<string, string>[] = [];
  let block: Map<string, string> | undefined;
  let open: Open | undefined;
  let afterGap = false;
  let inMessage = false;
  let unknown: string | undefined;

  for (const raw of text.split('\n')) {
    // As an item of a list, ConvertTo-Yaml marks an object at its first property.
    const given = raw.trim();
    const line = given.replace(/^- (?=\w+ ?:)/, '');
    const indent = raw.length - raw.trimStart().length;
    if (line === '') {
      afterGap = true;
      inMessage = false;
      continue;
    }
    const [, name, separator = '', value = ''] = property.exec(line) ?? [];
    const isWanted = name !== undefined && wanted.has(nameKey(name));
    // By its column, not by any indent: a listing may be indented as a whole, or all but its first line.
    const wrapped =
      indent > 0 && (name === undefined ? !isNoise(line) : indent >= (open?.column ?? Number.POSITIVE_INFINITY)) && !inMessage;
    if (wrapped && block !== undefined && open !== undefined) {
      block.set(open.name, `${block.get(open.name) ?? ''} ${given}`.trim());
      continue;
    }
    if (!isWanted && isNoise(line)) {
      inMessage = isStream(line);
      continue;
    }
    if (name === undefined) {
      if (inMessage) continue;
      unknown ??= line;
      if (!afterGap && [...wanted].some((key) => block?.has(key))) throw fail(notAProperty(line));
      // Before the listing, or apart from it: a banner, the command, a word of whoever pasted it.
      open = undefined;
      continue;
    }
    inMessage = false;
    const key = nameKey(name);
    // Not every gap: mails and consoles double the line breaks. Each object prints its Identity, and a name only once.
    if (block === undefined || block.has(key) || (afterGap && key === 'identity')) {
      block = new Map();
      blocks.push(block);
    }
    block.set(key, value);
    open = { name: key, column: indent + name.length + separator.length };
    afterGap = false;
  }
  if (blocks.length === 0 && unknown !== undefined) throw fail(notAProperty(unknown));
  return blocks;
}

function notAProperty(line: string): string {
  return `A line of the output is ${quoted(line)}, not "Name : Value"`;
}
