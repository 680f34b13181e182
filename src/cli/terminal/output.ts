import { cutAt, escapeInvisible } from '../../core/errors/quote.ts';
import { padded, widthOf } from './width.ts';

/** The output streams of a command. */
export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
  /** Whether `out` is a terminal: for tables and colours. */
  readonly terminal: boolean;
  readonly colours: boolean;
  /** The same for `err`, which may go elsewhere. @default false */
  readonly errColours?: boolean;
  /** Width of that terminal, if known. */
  readonly columns?: number | undefined;
}

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

const codes: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '31', yellow: '33', green: '32' };

/** Characters that could move the cursor, colour the rest of the screen or reorder a line. Not U+200C and U+200D, which join Persian words and some emoji. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Prints for a person, or JSON for a program: never both. */
export class Output {
  readonly json: boolean;
  readonly #streams: Streams;
  readonly #mask: (text: string) => string;
  /** Marks the styles of {@link Output.style} until they are written: no foreign text can contain it. */
  readonly #mark = `\u{0}${crypto.randomUUID()}:`;

  /** @param mask Removes secrets from all output. It gets JSON values one by one, so that the result stays JSON, and never gets styles. */
  constructor(streams: Streams, json: boolean, mask: (text: string) => string) {
    this.#streams = streams;
    this.#mask = mask;
    this.json = json;
  }

  get terminal(): boolean {
    return this.#streams.terminal;
  }

  /** One JSON document on one line, for `--json`. */
  document(value: unknown): void {
    const masked = (_key: string, one: unknown): unknown => (typeof one === 'string' ? this.#mask(one) : one);
    this.#streams.out.write(`${escapeInvisible(JSON.stringify(value, masked))}\n`);
  }

  /** One line, even if the text has line breaks; tabs may separate parts. */
  line(text = ''): void {
    this.#streams.out.write(`${this.#shown(text)}\n`);
  }

  /** The library's own text, unchanged, such as a script. */
  raw(text: string): void {
    this.#streams.out.write(this.#mask(text));
  }

  /** A line for the person, on standard error. */
  note(text: string): void {
    this.#streams.err.write(`${this.#shown(text)}\n`);
  }

  style(style: Style, text: string): string {
    return this.#streams.colours ? `${this.#mark}${codes[style]}m${text}${this.#mark}0m` : text;
  }

  /**
   * Columns on a terminal, or a block per row if they are too wide; otherwise lines with tabs, for `cut` and `awk`. Cells are shown on one line.
   */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    // Masked before it is cut: half a secret is one too.
    const shown = rows.map((row) => row.map((cell) => onOneLine(this.#mask(cell))));
    if (!this.terminal) {
      for (const row of [head, ...shown]) this.#plain(row.join('\t'));
      return;
    }
    const widths = head.map((name, column) => Math.max(name.length, ...shown.map((row) => widthOf(row[column] ?? ''))));
    const wide = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1));
    if (wide > (this.#streams.columns ?? wide)) this.#blocks(head, shown);
    else {
      const aligned = (row: readonly string[]): string => row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  ');
      this.#plain(this.style('bold', aligned(head).trimEnd()));
      for (const row of shown) this.#plain(aligned(row).trimEnd());
    }
  }

  #blocks(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const width = Math.max(...head.map((name) => name.length));
    for (const [at, row] of rows.entries()) {
      if (at > 0) this.#plain('');
      for (const [column, cell] of row.entries()) {
        if (cell !== '') this.#plain(`${this.style('bold', (head[column] ?? '').padEnd(width))}  ${cell}`);
      }
    }
  }

  /** Writes text that is already masked and cleaned. */
  #plain(text: string): void {
    this.#streams.out.write(`${text.replaceAll(this.#mark, '\u001b[')}\n`);
  }

  #shown(text: string): string {
    const [first = '', ...styled] = text.split(this.#mark);
    const parts = styled.map((part) => {
      const end = part.indexOf('m') + 1;
      return `\u001b[${part.slice(0, end)}${this.#clean(part.slice(end))}`;
    });
    return this.#clean(first) + parts.join('');
  }

  #clean(text: string): string {
    const one = this.#mask(text).replace(/[\r\n]+/g, ' ');
    return one.replace(unprintable, (character) => (character === '\t' ? character : '\u{fffd}'));
  }
}

/** A foreign text as a cell: without control characters, and cut. */
function onOneLine(text: string, most = 200): string {
  const clean = text.replace(unprintable, '\u{fffd}');
  return clean.length > most ? `${cutAt(clean, most - 1)}…` : clean;
}
