/** A message as it stands in the html body of a note: its own html, or its text with the line breaks kept. */
export function htmlOf(message: { readonly text: string; readonly html?: string }): string {
  if (message.html === undefined) return textToHtml(message.text);
  // A comment or tag left open would swallow the messages that follow.
  if (!staysInCell(message.html)) return textToHtml(message.text === '' ? message.html : message.text);
  // A table cell is what no element left open inside reaches out of, in browsers as in Outlook.
  return `<table role="presentation"><tr><td>${message.html}</td></tr></table>`;
}

/** Text as html, with its line breaks. */
export function textToHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\r\n|\r|\n/g, '<br>\n');
}

/** Elements whose content is not markup until their end tag. */
const opaque = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'noscript',
  'select',
  'template',
]);

/** Tags that belong inside a table of their own: elsewhere they would end the cell the message is put in. */
const ofTables = new Set(['td', 'th', 'tr', 'tbody', 'thead', 'tfoot', 'caption', 'col', 'colgroup']);

/** True when the html, put into a table cell, stays in it: no comment, tag, table or opaque element left open. Linear in its length. */
function staysInCell(html: string): boolean {
  const lower = html.toLowerCase();
  let tables = 0;
  for (let at = lower.indexOf('<'); at >= 0; at = lower.indexOf('<', at)) {
    if (lower.startsWith('<!--', at)) {
      const end = lower.indexOf('-->', at + 2);
      if (end < 0) return false;
      at = end + 3;
      continue;
    }
    const [, slash, name] = /^<(\/?)([a-z!?/][a-z0-9]*)/.exec(lower.slice(at, at + 20)) ?? [];
    if (name === undefined) {
      at += 1;
      continue;
    }
    if (name === 'table') tables += slash === '/' ? -1 : 1;
    if (tables < 0 || (tables === 0 && ofTables.has(name)) || name === 'plaintext' || name === 'template') return false;
    if (slash === '' && opaque.has(name)) at = lower.indexOf(`</${name}`, at);
    if (at >= 0) at = endOfTag(lower, at);
    if (at < 0) return false;
  }
  return tables === 0;
}

/** Index after the `>` of the tag that starts there; a `>` within quotes is not it. */
function endOfTag(html: string, start: number): number {
  let quote = '';
  for (let at = start + 1; at < html.length; at++) {
    const character = html[at] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '>') return at + 1;
    else if (character === '"' || character === "'") quote = character;
  }
  return -1;
}
