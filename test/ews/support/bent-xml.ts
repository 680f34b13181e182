/**
 * Responses that differ from those of Exchange in one element or attribute, as the writer of another server, a proxy or a filter
 * may produce: something is missing, empty, nil, duplicated, or out of order. None of them lies: what other parts of the response
 * say is still there.
 */
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../src/ews/xml/write.ts';

export const bendKinds = [
  'left out',
  'empty',
  'nil',
  'nil with its content',
  'twice',
  'again at the end',
  'first',
  'last',
] as const;
type BendKind = (typeof bendKinds)[number];

/** What is distorted, anywhere in a response. */
export interface Bend {
  readonly kind: BendKind;
  /** `Parent/Child`, or `Parent/@attribute`, by local names. */
  readonly path: string;
  /** Only its `nth` occurrence, from 0. */
  readonly nth?: number;
  /** Only inside the item that contains this text. */
  readonly of?: string;
}

/** Every distortion of every element and attribute of these responses. */
export function bendsOf(answers: readonly string[]): readonly Bend[] {
  const paths = new Set<string>();
  const walk = (element: XmlElement): void => {
    for (const name of element.attributes.keys()) paths.add(`${element.name}/@${name}`);
    for (const part of element.children) {
      paths.add(`${element.name}/${part.name}`);
      walk(part);
    }
  };
  for (const answer of answers) walk(parseXml(answer));
  return [...paths].sort().flatMap((path) => {
    const kinds = path.includes('@') ? (['left out', 'empty'] as const) : bendKinds;
    return kinds.map((kind) => ({ kind, path })).filter(isTruthful);
  });
}

/** Response messages have no names: with two swapped, nobody can tell which is about what. */
function isTruthful({ kind, path }: Bend): boolean {
  return !/^ResponseMessages\//.test(path) || !/^(?:first|last|again at the end)$/.test(kind);
}

/** The response with all of these distortions. */
export function bentXml(answer: string, bends: readonly Bend[]): string {
  const seen = new Map<Bend, number>();
  let item = '';
  const strikes = (path: string): readonly BendKind[] =>
    bends.flatMap((bend) => {
      if (bend.path !== path || (bend.of !== undefined && !item.includes(bend.of))) return [];
      const count = seen.get(bend) ?? 0;
      seen.set(bend, count + 1);
      return bend.nth === undefined || bend.nth === count ? [bend.kind] : [];
    });

  const write = (element: XmlElement, outer: string, as: BendKind | undefined): string => {
    const { ns, name, text } = element;
    let head = `${name}${ns === outer ? '' : ` xmlns="${escapeAttribute(ns)}"`}`;
    for (const [key, value] of element.attributes) {
      const kinds = strikes(`${name}/@${key}`);
      if (!kinds.includes('left out')) head += ` ${key}="${kinds.includes('empty') ? '' : escapeAttribute(value)}"`;
    }
    if (as === 'nil' || as === 'nil with its content')
      head += ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"';
    if (as === 'empty' || as === 'nil') return `<${head}/>`;
    const [first, middle, last]: [string[], string[], string[]] = [[], [], []];
    for (const part of element.children) {
      if (name === 'Items') item = textIn(part);
      const kinds = strikes(`${name}/${part.name}`);
      if (kinds.includes('left out')) continue;
      const written = write(
        part,
        ns,
        kinds.find((kind) => /^(?:empty|nil)/.test(kind)),
      );
      (kinds.includes('first') ? first : kinds.includes('last') ? last : middle).push(written);
      if (kinds.includes('twice')) middle.push(written);
      if (kinds.includes('again at the end')) last.push(written);
    }
    return `<${head}>${escapeText(text)}${[...first, ...middle, ...last].join('')}</${name}>`;
  };
  return `<?xml version="1.0" encoding="utf-8"?>${write(parseXml(answer), '', undefined)}`;
}

function textIn({ text, children }: XmlElement): string {
  return text + children.map(textIn).join(' ');
}

/** That many distortions at once, in different places. Two that affect the number of items could hide them together, which nothing in the response would contradict. */
export function severalOf(bends: readonly Bend[], count: number, random: () => number): readonly Bend[] {
  const chosen: Bend[] = [];
  const counts = ({ path }: Bend): boolean => /(?:RootFolder|Items|Folders|ResponseMessages)\b/.test(path);
  while (chosen.length < count) {
    const one = bends[Math.floor(random() * bends.length)] as Bend;
    if (chosen.some((other) => other.path === one.path || (counts(other) && counts(one)))) continue;
    chosen.push(one);
  }
  return chosen;
}
