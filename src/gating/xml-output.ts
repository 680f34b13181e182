import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { type CmdletBlock, nameKey } from './list-output.ts';

const root = /<(Objs|Objects)(?=[\s>])[^<>]*>/;
/** An object begins or ends, or a property of one is written whole. */
const part = /<(\/?)Obj(?:ect)?(?=[\s>])[^<>]*>|<(\w+)\s[^<>]*?\bN(?:ame)?="([^"<>]*)"[^<>]*?(?:\/>|>([^<]*)<\/\2>)/g;
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Whether it is what `Export-Clixml` or `ConvertTo-Xml` made. */
export function isXml(text: string): boolean {
  return root.test(text);
}

/**
 * Reads what `Export-Clixml` (`<Obj><Props><S N="Identity">`) and `ConvertTo-Xml` (`<Object><Property Name="Identity">`) made of objects. An object inside of
 * another one is one of its own.
 */
export function readXml(text: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  const [start = '', name = ''] = root.exec(text) ?? [];
  const from = text.indexOf(start) + start.length;
  const until = text.indexOf(`</${name}>`, from);
  if (until < 0) throw fail('The output starts like XML, but does not end');
  const blocks: CmdletBlock[] = [];
  const open: Map<string, string>[] = [];
  for (const [, closes, , property, value = ''] of text.slice(from, until).matchAll(part)) {
    const block = open.at(-1);
    if (property === undefined) {
      if (closes === '') open.push(new Map());
      else if (block !== undefined) blocks.push(block);
      if (closes !== '') open.pop();
    } else if (block !== undefined) {
      const key = nameKey(unescaped(property));
      if (block.has(key)) throw fail('An object of the XML has a property twice');
      block.set(key, unescaped(value).trim());
    }
  }
  if (open.length > 0) throw fail('The output starts like XML, but does not end');
  return blocks;
}

/** References of XML, and what `Export-Clixml` writes for characters that XML lacks. */
export function unescaped(text: string): string {
  return text
    .replaceAll(/_x([\da-f]{4})_/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(lt|gt|amp|quot|apos));/gi, (whole, dec?: string, hex?: string, name = '') => {
      const code = dec === undefined ? Number.parseInt(hex ?? 'x', 16) : Number(dec);
      return named[name] ?? (code <= 0x10ffff ? String.fromCodePoint(code) : whole);
    });
}
