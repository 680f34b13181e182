/** Colours and text for people: colours only on a terminal, and not when NO_COLOR is set (https://no-color.org). */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const colours = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '';

export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}

/** The beginning of a text on one line, with nothing in it that a terminal would obey. */
export function excerpt(text: string, length = 44): string {
  const shown = text
    .trim()
    .replaceAll(/\s+/g, ' ')
    // Invisible signs but the one that joins emoji; the directional ones among them could reorder the line.
    .replaceAll(/(?!\u200d)\p{Cf}/gu, '')
    .replaceAll(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu, '·')
    .replaceAll(/\p{Cs}/gu, '\ufffd');
  // By what a reader takes for a character: an emoji of several code points stays whole.
  const letters = [...new Intl.Segmenter().segment(shown)].map(({ segment }) => segment);
  const cut = letters.length > length ? `${letters.slice(0, length - 1).join('')}…` : shown;
  // Isolated, so that text from right to left does not turn the rest of the line around.
  return /[\p{Script=Hebrew}\p{Script=Arabic}]/u.test(cut) ? `\u2068${cut}\u2069` : cut;
}
