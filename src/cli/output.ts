import { cutAt } from '../core/errors/quote.ts';

/** Where a command writes. */
export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly err: { write(text: string): unknown };
  /** Whether a person looks at `out`: tables and colours. */
  readonly terminal: boolean;
  readonly colours: boolean;
}

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

const codes: Readonly<Record<Style, string>> = { bold: '1', dim: '2', red: '31', yellow: '33', green: '32' };

/** What could move the cursor, colour the rest of the screen or reorder a line. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What {@link Output.style} puts around a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how terminals are told.
const colour = /(\u001b\[\d+m)/;

/** Prints for a person, or JSON for a program: never both. */
export class Output {
  readonly json: boolean;
  readonly #streams: Streams;
  readonly #mask: (text: string) => string;

  /** @param mask Takes secrets out of whatever is printed. It is given values of JSON one by one, which stays JSON then, and never what colours a text. */
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
    this.#streams.out.write(`${JSON.stringify(value, masked)}\n`);
  }

  line(text = ''): void {
    this.#streams.out.write(`${this.#masked(text)}\n`);
  }

  /** Text as it is, such as an export. */
  raw(text: string): void {
    this.#streams.out.write(this.#masked(text));
  }

  /** For the person, whatever is done with the output. */
  note(text: string): void {
    this.#streams.err.write(`${this.#masked(text)}\n`);
  }

  style(style: Style, text: string): string {
    return this.#streams.colours ? `\u001b[${codes[style]}m${text}\u001b[0m` : text;
  }

  /** Columns on a terminal; lines with tabs otherwise, for `cut` and `awk`. Cells are shown on one line. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    // Before it is cut: half a secret is one too.
    const shown = rows.map((row) => row.map((cell) => onOneLine(this.#masked(cell))));
    if (!this.terminal) {
      for (const row of [head, ...shown]) this.line(row.join('\t'));
      return;
    }
    const widths = head.map((name, column) => Math.max(name.length, ...shown.map((row) => (row[column] ?? '').length)));
    const aligned = (row: readonly string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
    this.line(this.style('bold', aligned(head).trimEnd()));
    for (const row of shown) this.line(aligned(row).trimEnd());
  }

  #masked(text: string): string {
    return text
      .split(colour)
      .map((part, index) => (index % 2 === 1 ? part : this.#mask(part)))
      .join('');
  }
}

/** Text of others on a terminal: without control characters, and cut. */
function onOneLine(text: string, most = 200): string {
  const clean = text.replace(unprintable, '\u{fffd}');
  return clean.length > most ? `${cutAt(clean, most - 1)}…` : clean;
}
