/** By name, since a control character in a regular expression is mostly a mistake. */
const esc = '\u001b';
const bel = '\u0007';
const csi = '\u009b';
const osc = '\u009d';
const st = '\u009c';
/** CSI and OSC sequences, and the short ones that choose a character set or a mode; as bytes, and as terminals show ESC when they print it. */
const escapes = () =>
  new RegExp(
    [
      `(?:${esc}\\[|${csi}|[\u241b\u2190]\\[|\\^\\[\\[)[0-?]*[ -/]*[@-~]`,
      `(?:${esc}\\]|${osc})[^${bel}${esc}${st}${osc}]*(?:${bel}|${esc}\\\\|${st})`,
      `${esc}[ -/]*[0-~]`,
    ].join('|'),
    'gu',
  );
/**
 * What is left of a colour where ESC itself was lost on the way, `[32;1m`, or is written out, as in JSON and by loggers: `\u001b[32;1m`, `\e[0m`. No name in brackets,
 * such as `[Munich]` or that of a host in a prompt, `[mail1.contoso.com]: PS`, is one.
 */
const colourRemains =
  /[\\`](?:u001[bB]|x1[bB]|033|[eE])\[(?:\d{1,3}(?:;\d{1,3})*)?m|\[(?:\d{1,3}(?:;\d{1,3})*m|m(?![\p{L} ]*\]|[\w.-]+\]:\s))/gu;
/** All-capital words before a colon: WARNING, VERBOSE, AVERTISSEMENT, 警告. PowerShell translates the names of its streams, never those of properties. */
const stream = /^(?=[\p{Lu}\p{Lo}])[\p{Lu}\p{Lo}\p{M} ]{2,30}?\s*:/u;
/** `PS C:\>`, `[host]: PS C:\>`, `[PS] C:\>`, `C:\>`, `PS /home/me>`, `>>` after an unfinished line, and those of Unix shells. */
const prompt =
  /^(?:(?:\[[^\]]*\]:?\s*)?(?:\(\S+\)\s*)?PS(?:\s[^>]*)?>|\[PS\]\s[^>]*>|[A-Z]:\\[^>]*>|>>|[$#❯➜]\s|(?:\[?[\w.-]+@[\w.-]+)[^$#%>]*[$#%>](?:\s|$))/iu;
const fence = /^(?:`{3}\w*|\*{5,})$/;
/** The lines of an error record below its first one. */
const errorDetail = /^(?:\+ |At line:|~+$|\d+ \|)/;

/**
 * What a cmdlet printed, without what shells, terminals, editors and mail programs add: escape sequences, byte order marks, the NULs that
 * UTF-16 leaves when it is read as a one-byte encoding, other line ends, invisible characters, other spaces, the marks of a quotation. Tabs stay: they
 * separate the cells of a spreadsheet.
 */
export function cleaned(output: string): string {
  const text = output.includes('\0') ? output.replaceAll('\0', '').replace(/^(?:ÿþ|þÿ|\ufffd\ufffd)/, '') : output;
  const lines = text
    .replace(/^(?:\ufeff|ï»¿)/, '')
    .replaceAll(escapes(), '')
    .replaceAll(colourRemains, '')
    .replaceAll(/\r*\n|[\r\u0085\u2028\u2029]/g, '\n')
    .replaceAll(/\p{Zs}/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/(?![\n\t])\p{Cc}/gu, '')
    .replaceAll('\uff1a', ':')
    .split('\n');
  return withoutTranscript(unquoted(lines))
    .join('\n')
    .replace(/^\s*\n/, '')
    .trimEnd();
}

/** Replies to a mail that are marked more often than this are nobody's. */
const deepestQuotation = 10;

/** A mail's reply marks every line, and a reply to that once more; a continued command marks some. */
function unquoted(lines: readonly string[]): readonly string[] {
  let plain = lines;
  for (let depth = 0; depth < deepestQuotation; depth++) {
    const marks = plain.filter((line) => line.trim() !== '');
    // `>>` is the prompt of an unfinished command.
    if (!marks.every((line) => /^[ \t]?>(?!>)/.test(line))) break;
    plain = plain.map((line) => line.replace(/^[ \t]?> ?/, ''));
  }
  // What was written above and below a listing in a reply is not marked. One mark is no prompt: that is `>>`.
  const marked = plain.some((line) => /^[ \t]?> ?identity(?![\p{L}\p{N}])/iu.test(line));
  return marked ? plain.map((line) => line.replace(/^[ \t]?>(?!>) ?/, '')) : plain;
}

/** `Start-Transcript` puts what it says at the beginning and at the end between lines of asterisks, in any language. */
function withoutTranscript(lines: readonly string[]): readonly string[] {
  const isRule = (line: string): boolean => /^\*{5,}$/.test(line.trim());
  if (lines.filter(isRule).length !== 4) return lines;
  let passed = 0;
  return lines.filter((line) => {
    if (isRule(line)) passed++;
    return passed % 2 === 0 && !isRule(line);
  });
}

/** Told apart in a listing: `noise` is what stands between its lines and belongs to the shell. */
export function isNoise(line: string): boolean {
  return prompt.test(line) || fence.test(line) || errorDetail.test(line) || isStream(line);
}

/** A message of one of PowerShell's streams; the console may wrap it onto the next lines. */
export function isStream(line: string): boolean {
  return stream.test(line);
}
