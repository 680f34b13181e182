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

/** Elements that are nothing but a box or a style to every HTML parser: no content of their own kind, no scope beyond them. */
const plainElements: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address article aside b bdi bdo big blockquote br center cite code dd del dfn dir div dl dt em figcaption figure font footer ' +
    'h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark menu nav o:p ol p pre q rp rt ruby s samp section small span strike strong sub sup ' +
    'time tt u ul var wbr'
  ).split(' '),
);

/** Parts of a table, and whether a table of its own may begin within. */
const tableParts: ReadonlyMap<string, boolean> = new Map([
  ['td', true],
  ['th', true],
  ['caption', true],
  ['tr', false],
  ['tbody', false],
  ['thead', false],
  ['tfoot', false],
  ['col', false],
  ['colgroup', false],
]);

/** A comment, or a tag as every parser reads it: attributes have a name, and a value in quotes or without any odd character. */
const token =
  /<!--(?!-?>)(?:(?!--|<!)[\s\S])*-->|<(\/?)([a-z][a-z0-9]*(?::p)?)((?:\s+[a-z][a-z0-9:_-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`/]+))?)*)\s*\/?>/iy;

const hasStyle = /\bstyle\s*=/i;
/** By these an element leaves its place and could cover what follows. Escapes, references and comments could hide them. */
const leavesPlace = /position|transform|z-index|inset|float|clip|margin[^;"']{0,80}-|[\\]|&#|\/\*/i;

/**
 * True when the html, put into a table cell, surely stays in it. Only what all parsers read alike is let through: known elements,
 * sound tags and comments, tables that are closed. Anything else is for a parser to judge, and shown as text. Linear in its length.
 */
function staysInCell(html: string): boolean {
  /** Of each table that is open: whether one of its cells is. */
  const tables: boolean[] = [];
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at)) {
    // Followed by anything else it is text.
    if (!/[a-z!?/]/i.test(html[at + 1] ?? '')) {
      at += 1;
      continue;
    }
    token.lastIndex = at;
    const match = token.exec(html);
    if (match === null) return false;
    at = token.lastIndex;
    const [, slash = '', tag = '', attributes = ''] = match;
    const name = tag.toLowerCase();
    if (hasStyle.test(attributes) && leavesPlace.test(attributes)) return false;
    if (name === '' || plainElements.has(name)) continue;
    const inCell = tableParts.get(name);
    if (name === 'table') {
      // In a table, but in no cell, another one would end the first.
      if (slash === '' && tables.at(-1) === false) return false;
      if (slash === '') tables.push(false);
      else if (tables.pop() === undefined) return false;
    } else if (inCell === undefined || tables.length === 0) return false;
    else tables[tables.length - 1] = slash === '' && inCell;
  }
  return tables.length === 0;
}
