import { createReadStream } from 'node:fs';

/**
 * The lines of a file with a JSON document per line. Only LF, or CR and LF, ends one: `node:readline` also ends lines at U+2028 and U+2029, which JSON leaves as they are in
 * the texts of people.
 */
export async function* jsonLines(path: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  /** The line that has not ended yet, in parts: joined once, it takes time in proportion to its length. */
  let begun: string[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n');
    const rest = lines.pop() ?? '';
    for (const line of lines) {
      yield lineOf([...begun, line]);
      begun = [];
    }
    begun.push(rest);
  }
  const last = lineOf([...begun, decoder.decode()]);
  if (last !== '') yield last;
}

function lineOf(parts: readonly string[]): string {
  const line = parts.join('');
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
