import { unreadable } from './unreadable.ts';

const pattern = /&(?:#([0-9]{1,10})|#x([0-9a-fA-F]{1,10})|([A-Za-z]{1,8}));/y;

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

/**
 * Text with its character references decoded: XML's own five names and numbers, nothing else.
 *
 * Exchange writes references to characters that XML forbids (`&#x1;`) when a mailbox holds them; they become U+FFFD, since
 * refusing the whole response would lose the outcome of every note in it.
 */
export function decodeReferences(text: string): string {
  let from = text.indexOf('&');
  if (from === -1) return text;
  // One at a time: replace() would keep every match with all its groups until the end, a hundred times the text.
  let decoded = text.slice(0, from);
  while (from !== -1) {
    pattern.lastIndex = from;
    const [whole = '', decimal, hexadecimal, name] = pattern.exec(text) ?? [];
    decoded += characterOf(decimal, hexadecimal, name);
    const next = text.indexOf('&', from + whole.length);
    decoded += text.slice(from + whole.length, next === -1 ? undefined : next);
    from = next;
  }
  return decoded;
}

function characterOf(decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined): string {
  if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
  if (hexadecimal !== undefined) return character(Number.parseInt(hexadecimal, 16));
  const known = name === undefined ? undefined : named.get(name);
  if (known === undefined) throw unreadable('it refers to an entity that XML does not define');
  return known;
}

function character(code: number): string {
  const allowed =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff);
  return allowed ? String.fromCodePoint(code) : '\ufffd';
}
