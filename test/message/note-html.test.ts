/** The html of one message never hides the next: judged by an HTML parser, independent of this library. */
import fc from 'fast-check';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { htmlOf } from '../../src/message/note.ts';
import { numbersOfRow } from '../support/security-page.ts';

const next = 'SECOND-MESSAGE';

/** The messages of a note, one below the other. */
const noteOf = (html: string): string =>
  `<p><b>[time] A:</b></p>\n<div>${htmlOf({ text: 'first', html })}</div>\n<p><b>[time] A:</b></p>\n<div>${next}</div>`;

/** The position of the next message, as a path of names; attributes of the path count too. */
function placeOfNext(html: string): string {
  const found: string[] = [];
  const walk = (node: DefaultTreeAdapterTypes.Node, path: string): void => {
    if ('value' in node && node.value.includes(next)) found.push(path);
    if (!('childNodes' in node)) return;
    for (const child of node.childNodes) {
      const attributes = 'attrs' in child ? child.attrs.map(({ name }) => `[${name}]`).join('') : '';
      walk(child, `${path}>${child.nodeName}${attributes}`);
    }
  };
  walk(parse(noteOf(html)), '');
  return found.join(' and ');
}

const seen = '>html>body>div>#text';
const out = '</td></tr></table><div hidden><div>';

const hiding = [
  'Hello<style></stylex>',
  'Hello<script></scriptx>',
  `Hello<!-- --!>${out}<!-- -->`,
  'Hello<!-- --!><plaintext> -->',
  `Hello<b x">${out}<b y">`,
  `Hello<b x=a">${out}<b y=a">`,
  `Hello<!x ">${out}<!y ">`,
  `Hello<?x ">${out}<?y ">`,
  `Hello<![CDATA[ ">${out}<!x ">`,
  `Hello<svg><style>${out}</style></svg>`,
  `<!-->${out}<!-- -->`,
  `<!--->${out}<!-- -->`,
  `<!-- <!-- -->${out}`,
  `<b/x=">${out}">`,
  `<b =">${out}">`,
  `</b x=">${out}">`,
  `<table><table></table></table><div hidden>`,
  `<table><tr><table></table></table></table><div hidden>`,
  '<body hidden>',
  '<html hidden>',
  '<select><option>',
  '<math><mi><mglyph></math>',
  '<frameset>',
  '<form><table><tr><td></form>',
  '<noscript><p title="</noscript><plaintext>">',
  'a < b > c <3 <> </> <',
  '\0<b\0>',
];
const randomOnes = 6_000;

describe('the next message stays in place after', () => {
  it.each(hiding)('%j', (html) => {
    expect(placeOfNext(html)).toBe(seen);
  });

  it('arbitrary html', () => {
    const pieces = [
      ...[
        '<',
        '>',
        '</',
        '/>',
        '<!--',
        '-->',
        '--!>',
        '<!',
        '<?',
        '<![CDATA[',
        ']]>',
        '"',
        "'",
        '=',
        ' ',
        '/',
        '&',
        '\n',
        '\0',
        'x',
        '`',
      ],
      ...[
        'table',
        'tr',
        'td',
        'th',
        'tbody',
        'caption',
        'col',
        'colgroup',
        'b',
        'a',
        'p',
        'div',
        'li',
        'svg',
        'math',
        'style',
        'script',
      ],
      ...[
        'template',
        'select',
        'option',
        'textarea',
        'title',
        'plaintext',
        'xmp',
        'iframe',
        'noscript',
        'body',
        'html',
        'form',
        'font',
        'h1',
      ],
      ...[
        '<b>',
        '</b>',
        '<table>',
        '</table>',
        '<tr>',
        '</tr>',
        '<td>',
        '</td>',
        '<th>',
        '<caption>',
        '</caption>',
        '<tbody>',
        '<p>',
        '<a href=x>',
      ],
      ...[
        '<div hidden>',
        '</div>',
        ' hidden',
        ' title="',
        '" x',
        '<li>',
        '<font size=1>',
        '<h1>',
        '<img>',
        '<br/>',
        '<!-- a -->',
      ],
    ];
    let kept = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((some) => some.join('')),
        (html) => {
          if (htmlOf({ text: 'first', html }).includes('role="presentation"')) kept += 1;
          expect(placeOfNext(html)).toBe(seen);
        },
      ),
      { numRuns: randomOnes },
    );
    expect(kept).toBeGreaterThan(100);
  });

  it('as many pieces of html as docs/security.md says', () => {
    expect(numbersOfRow('Html of one message').tried).toEqual([hiding.length, randomOnes]);
  });

  it('arbitrarily long html, in linear time', () => {
    for (const piece of [
      '<a<!',
      '<b x=y ',
      '<b style=x style=',
      '<!-- -',
      '<table><tr><td>',
      '<b title="',
      'a < ',
      '<b x',
      '<o:p>',
    ]) {
      const start = process.cpuUsage();
      htmlOf({ text: 'first', html: piece.repeat(100_000) });
      expect(process.cpuUsage(start).user, piece).toBeLessThan(2_000_000);
    }
  });
});
