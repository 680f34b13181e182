import { describe, expect, it } from 'vitest';
import { buildNote, htmlOf, noteWording } from '../../src/message/note.ts';
import type { ClaimedNote, SpoolEntry } from '../../src/spool/contract.ts';

const member = (name: string, sentAt = 0): SpoolEntry =>
  ({
    id: 'e',
    state: 'delivered',
    messageClass: 'X',
    message: { from: { mailbox: { address: 'a@b.c', name } }, to: [], text: 't', sentAt },
  }) as unknown as SpoolEntry;
const subject = (...names: string[]): string => noteWording(names.map((name) => member(name))).subject;

describe('a note can not be built', () => {
  it('of a message without its text: the error names the entry', () => {
    const { message: _message, ...gone } = member('Alice');
    expect(() => noteWording([gone])).toThrow(
      expect.objectContaining({
        code: 'ENTRY_CORRUPT',
        message: 'Entry e is delivered and has no message to build a note from.',
        details: { entryId: 'e', state: 'delivered' },
      }),
    );
  });

  it('without members, or with an unknown version of the wording', () => {
    expect(() => noteWording([])).toThrow('A note has no member; it needs at least one.');
    const later = { noteId: 'n', frozen: { wording: 2 }, entries: [member('Alice')] } as unknown as ClaimedNote;
    expect(() => buildNote(later)).toThrow(
      expect.objectContaining({
        code: 'ENTRY_CORRUPT',
        message: 'Note n was frozen with wording version 2; this version of offline-im knows 1.',
        details: { noteId: 'n', wording: 2 },
      }),
    );
  });
});

describe('the name in a subject', () => {
  const after = ' sent you a message in Skype for Business';
  const room = 255 - after.length;

  it('is on one line, with single spaces', () => {
    expect(subject('A \n\u2028  B')).toBe(`A B${after}`);
  });

  it('is kept whole if it just fits, else cut with its last space', () => {
    expect(subject('x'.repeat(room))).toBe(`${'x'.repeat(room)}${after}`);
    expect(subject('x'.repeat(room + 1))).toBe(`${'x'.repeat(room - 1)}…${after}`);
    expect(subject(`${'x'.repeat(room - 2)} yyy`)).toBe(`${'x'.repeat(room - 2)}…${after}`);
  });
});

describe('html of a message among others', () => {
  const kept = (html: string): boolean => htmlOf({ text: 'text', html }).startsWith('<table role="presentation"><tr><td>');
  const shown = (html: string): string => htmlOf({ text: '', html });

  it('is kept with all parts of a table', () => {
    expect(
      kept(
        '<table><caption>c</caption><colgroup><col></colgroup><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody><tfoot><tr><td>c</td></tr></tfoot></table>',
      ),
    ).toBe(true);
    for (const cell of ['td', 'th', 'caption'])
      expect(kept(`<table><tr><${cell}><table></table></${cell}></tr></table>`)).toBe(true);
    for (const part of ['tr', 'tbody', 'thead', 'tfoot', 'col', 'colgroup'])
      expect(kept(`<table><${part}><table></table></table>`)).toBe(false);
  });

  it('is shown as text if a part of a table is outside of one', () => {
    for (const part of ['td', 'tr', 'tbody']) expect(kept(`<${part}>x`)).toBe(false);
    expect(kept('<table></table><tr>x')).toBe(false);
    expect(kept('<table><tr><td>x</td><table></table></tr></table>')).toBe(false);
    expect(kept('</table>')).toBe(false);
    expect(kept('<table>')).toBe(false);
    expect(kept('<unknown>x')).toBe(false);
    expect(kept('<table><tr><td><unknown>x</td></tr></table>')).toBe(false);
  });

  it('is kept with simple elements, attributes of any form, comments and signs that are not tags', () => {
    for (const html of [
      'a < b',
      'a <',
      '1 <2',
      '<time>x</time><wbr><var>y</var>',
      '<!-- c -->x',
      '<a href="x" title=\'y\' id=z hidden>l</a>',
      "<a   href='xyz'\n  id=abc>l</a>",
      '<br/>',
      '<o:p></o:p>',
      '<p style="color: red">x</p>',
      '<p style = "margin: 1px">x</p>',
    ])
      expect([html, kept(html)]).toEqual([html, true]);
  });

  it.each([
    '<!-->x',
    '<!--><!x-->',
    '<!-->x-->',
    '<!--->x',
    '<!-- a -- b -->',
    '<!-- <! -->',
    '<!-- open',
    '<a "x">',
    '<a b=">',
    '<p style="position: fixed">',
    '<p style ="margin-left: -5px">',
    '<p style="margin:  -5px">',
    '<p style="a:&#58;b">',
    '<p style="a: b/*c*/">',
    '<!doctype html>',
    '<?xml?>',
  ])('is shown as text if it could reach beyond its place: %s', (html) => {
    expect(kept(html)).toBe(false);
    expect(shown(html)).toBe(html.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  });

  it('is replaced by the text of the message, if there is one', () => {
    expect(htmlOf({ text: 'a > b', html: '<!-- open' })).toBe('a &gt; b');
  });
});
