import type { OfflineImError } from '../core/errors/offline-im-error.ts';
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
