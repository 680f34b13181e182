import type { MessageContent } from '../store/item.ts';

type Body = MessageContent['body'];

/** A body in the type a client asked for; `Best` is the one it has. */
export function bodyAs(body: Body, type: 'Text' | 'HTML' | 'Best'): Body {
  if (type === 'Best' || (type === 'Text') === (body.type === 'text')) return body;
  return type === 'Text'
    ? { type: 'text', content: textOfHtml(body.content) }
    : { type: 'html', content: htmlOfText(body.content) };
}

/** The first characters of a body, as lists show them. */
export function previewOf(body: Body): string {
  return bodyAs(body, 'Text').content.replace(/\s+/g, ' ').trim().slice(0, 255);
}

function htmlOfText(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<html><body><pre>${escaped}</pre></body></html>`;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/** What a reader of the HTML sees, roughly as Exchange converts it: paragraphs and breaks become lines. */
function textOfHtml(html: string): string {
  return html
    .replace(/<(script|style|head)\b[^>]*>[\s\S]*?<\/\1\s*>/gi, '')
    .replace(/<br\b[^>]*>|<\/(?:p|div|tr|li|h[1-6])\s*>/gi, '\r\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
      if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
      const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
    })
    .trim();
}
