import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { helpOf, overview } from '../../../src/cli/terminal/help.ts';
import { Output } from '../../../src/cli/terminal/output.ts';
import { widthOf } from '../../../src/cli/terminal/width.ts';

function printing({ json = false, columns }: { json?: boolean; columns?: number } = {}) {
  let all = '';
  const stream = { write: (part: string) => (all += part) };
  const output = new Output({ out: stream, err: stream, terminal: true, colours: true, columns }, json, (text) => text);
  return { output, printed: () => all };
}

/** What a hostile sender may put into a name, a reason or an id. */
const hostile = [
  '\u001b[2J\u001b[8m',
  '\u009b31m',
  '\u202egnp.exe',
  '\u2066\u200f',
  '\u{e0041}',
  'a\u2028b',
  'a\r\nb',
  '\u007f',
  '\u001b[31m',
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const dangerous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how terminals are told.
const colour = /\u001b\[\d+m/g;
const withoutOurs = (text: string): string => text.replaceAll(`\u001b[1m`, '').replaceAll(`\u001b[0m`, '').replaceAll('\n', '');

describe('untrusted text', () => {
  it.each(hostile)('%j moves no cursor, sets no colour and reverses no line, in any output', (text) => {
    const { output, printed } = printing();
    output.line(`${output.style('bold', text)} ${text}`);
    output.note(text);
    output.table(['HEAD'], [[text]]);
    expect(withoutOurs(printed())).not.toMatch(dangerous);
    expect(printed().match(/\n/g)).toHaveLength(4);
  });

  it.each(hostile)('%j passes through JSON unchanged, and is shown as an escape', (text) => {
    const { output, printed } = printing({ json: true });
    output.document({ [text]: [text] });
    expect(withoutOurs(printed())).not.toMatch(dangerous);
    expect(JSON.parse(printed())).toEqual({ [text]: [text] });
  });

  it('keeps joined letters of scripts that need them', () => {
    const { output, printed } = printing();
    output.line('می\u200cخواهم 👩\u200d🔧');
    expect(printed()).toBe('می\u200cخواهم 👩\u200d🔧\n');
  });
});

describe('a terminal of 40 columns', () => {
  const rows = [
    ['0193718f-25a0-7c31-9d2e-5f1c0a6b7e84', 'dead', 'alice@contoso.com', ''],
    ['0193718f-25a0-7c31-9d2e-5f1c0a6b7e85', 'held', '会議室@contoso.com', 'EXPIRED'],
  ];

  it('shows one block per row if a table is too wide, without empty cells', () => {
    const { output, printed } = printing({ columns: 40 });
    output.table(['ID', 'STATE', 'MAILBOX', 'REASON'], rows);
    expect(printed().replaceAll(colour, '')).toBe(
      `ID       0193718f-25a0-7c31-9d2e-5f1c0a6b7e84
STATE    dead
MAILBOX  alice@contoso.com

ID       0193718f-25a0-7c31-9d2e-5f1c0a6b7e85
STATE    held
MAILBOX  会議室@contoso.com
REASON   EXPIRED
`,
    );
  });

  it('shows a table that fits with its columns aligned', () => {
    const { output, printed } = printing({ columns: 40 });
    output.table(
      ['MAILBOX', 'N'],
      [
        ['会議室@x.test', '1'],
        ['alice@x.test', '2'],
      ],
    );
    const lines = printed().replaceAll(colour, '').trimEnd().split('\n');
    expect(lines.map((line) => widthOf(line.slice(0, -1)))).toEqual([15, 15, 15]);
  });

  it.each([
    ['all', overview(commands, 40)],
    ...commands.map((one): [string, string] => [
      one.name,
      helpOf(one, { ...one.options, json: { type: 'boolean', help: 'x' } }, 40),
    ]),
  ])('breaks no word in the help of %s', (_name, text) => {
    // Command lines are there to be copied.
    const lines = text.split('\n').filter((line) => !line.includes('offline-im ') && !line.startsWith('  # '));
    for (const line of lines) expect(widthOf(line) <= 40 || line.trim().split(' ').length === 1, line).toBe(true);
  });
});
