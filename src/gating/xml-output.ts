import type { OfflineImError } from '../core/errors/offline-im-error.ts';
import { type CmdletBlock, nameKey } from './list-output.ts';
import { isNoise } from './terminal-text.ts';

const root = /<(Objs|Objects)(?=[\s>])[^<>]*>/g;
/** An object begins or ends, or a property of one is written whole. */
const part = /<(\/?)Obj(?:ect)?(?=[\s>])[^<>]*?(\/?)>|<(\w+)((?:\s+[\w:]+="[^"<>]*")+)\s*(?:\/>|>([^<]*)<\/\3>)/g;
const unended = 'The output starts like XML, but does not end';
const propertyName = /\sN(?:ame)?="([^"]*)"/;
const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Whether it is what `Export-Clixml` or `ConvertTo-Xml` made. */
export function isXml(text: string): boolean {
  return text.search(root) >= 0;
}

/**
 * Reads what `Export-Clixml` (`<Obj><Props><S N="Identity">`) and `ConvertTo-Xml` (`<Object><Property Name="Identity">`) made of objects, in all documents of the
 * text. An object inside of another one is one of its own.
 *
 * @param setting A property that must be read wherever it is named: an object that lacks it would pass for another cmdlet's.
 */
export function readXml(text: string, setting: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  const blocks: CmdletBlock[] = [];
  let beside = '';
  let end = 0;
  for (const { 0: start, 1: name, index } of text.matchAll(root)) {
    const until = text.indexOf(`</${name}>`, index);
    if (until < 0) throw fail(unended);
    beside += text.slice(end, index);
    blocks.push(...objectsIn(text.slice(index + start.length, until), fail));
    end = until + `</${name}>`.length;
  }
  const others = (beside + text.slice(end)).split('\n').filter((line) => !isNoise(line.trim()));
  const mentions = [...text.matchAll(/=\s*["']([^"'<>]*)/g)].filter(([, mention = '']) => nameKey(mention) === setting);
  const read = blocks.filter((block) => block.has(setting));
  if (mentions.length > read.length || others.some((line) => nameKey(line).includes(setting)))
    throw fail(`The output has ${setting} in an unexpected place`);
  return blocks;
}

function objectsIn(xml: string, fail: (found: string) => OfflineImError): readonly CmdletBlock[] {
  // A cmdlet that failed has listed a part at best.
  if (/<!|\sS="Error"/i.test(xml)) throw fail('The XML has a comment or an error');
  const blocks: CmdletBlock[] = [];
  const open: Map<string, string>[] = [];
  for (const [, closes, isEmpty, tag, attributes = '', value = ''] of xml.matchAll(part)) {
    const block = open.at(-1);
    const property = propertyName.exec(attributes)?.[1];
    if (tag === undefined) {
      if (closes !== '') {
        if (block !== undefined) blocks.push(block);
        open.pop();
      } else if (isEmpty === '') open.push(new Map());
    } else if (block !== undefined && property !== undefined) {
      const key = nameKey(unescaped(property));
      if (block.has(key)) throw fail('An object of the XML has a property twice');
      block.set(key, unescaped(value).trim());
    }
  }
  if (open.length > 0) throw fail(unended);
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
