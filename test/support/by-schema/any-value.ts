import type { Grammar } from '../../../src/testing/simulator/schema/read-grammar.ts';

/** Where values are drawn from. */
export interface Draw {
  readonly random: () => number;
  /** Values where the schema allows any text. */
  readonly texts: readonly string[];
}

/** Draws one item of a list. */
export function pick<One>(random: () => number, from: readonly One[]): One {
  const one = from[Math.floor(random() * from.length)];
  if (one === undefined && from.length === 0) throw new Error('nothing to choose from');
  return one as One;
}

const dateTimes = [
  '2026-11-28T10:00:00Z',
  '2026-11-28T10:00:00.1234567Z',
  '2026-11-28T10:00:00.123456789Z',
  '2026-11-28T12:00:00+02:00',
  '2026-11-28T10:00:00',
  '1601-01-01T00:00:00Z',
  '4500-08-31T23:59:00Z',
  '9999-12-31T23:59:59Z',
  '-0044-03-15T12:00:00-14:00',
];

const builtIn: Readonly<Record<string, readonly string[]>> = {
  'xs:boolean': ['true', 'false', '1', '0'],
  'xs:dateTime': dateTimes,
  'xs:date': ['2026-11-28', '2026-11-28Z', '2026-11-28+01:00'],
  'xs:time': ['10:00:00', '23:59:59.9999999', '08:00:00Z'],
  'xs:duration': ['PT0S', 'PT30M', '-PT15M', 'P1D', 'P1Y2M3DT4H5M6.7S'],
  'xs:base64Binary': ['', 'AA==', 'AAEC', 'SGVsbG8=', 'SGVs\n bG8='],
  'xs:hexBinary': ['', '00', 'CAFE', 'cafe'],
  'xs:decimal': ['0', '-1.5', '+3', '.5'],
  'xs:double': ['0', '1e3', '-1.5', 'NaN', 'INF'],
  'xs:float': ['0', '1e3', '-1.5', 'NaN', '-INF'],
  'xs:language': ['en', 'de-DE', 'x-klingon'],
  'xs:byte': ['0', '-128', '127'],
  'xs:unsignedByte': ['0', '255'],
  'xs:short': ['0', '-1', '32767'],
  'xs:unsignedShort': ['0', '26', '65535'],
  'xs:int': ['0', '1', '-1', '+7', '007', '100', '2147483647', '-2147483648'],
  'xs:unsignedInt': ['0', '4294967295'],
  'xs:long': ['0', '-1', '9223372036854775807'],
  'xs:unsignedLong': ['0', '18446744073709551615'],
  'xs:nonNegativeInteger': ['0', '12'],
  'xs:positiveInteger': ['1', '12'],
  'xs:integer': ['0', '-12'],
  'xs:anyURI': ['https://mail.contoso.test/EWS/Exchange.asmx', 'urn:x', ''],
  'xs:ID': ['a1'],
  'xs:QName': ['x'],
};

/** Values that match the patterns of the schema, by pattern. */
const patterns: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\/\(0x\|0X\)\[0-9A-Fa-f\]\{1,4\}\/$/, ['0x0037', '0X37', '0x1000', '0xe08']],
  [/^\/\(\(0x\|0X\)\[0-9A-Fa-f\]\*\)/, ['0x', '0X1f', '', '12']],
  [/^\/\[0-9A-Fa-f\]\{8\}-/, ['00062008-0000-0000-C000-000000000046', 'b1f7c0a4-52c8-4d5e-9c3b-000000000000']],
  [/^\/\[0-9\]\{1,4\}/, ['15.1', '15.20.1234', '14.3.123.4']],
  [/^\/\[a-zA-Z0-9\]\+_/, ['a_b', 'X1_Y2']],
];

/** A value of any simple type. */
export function anyValue(grammar: Grammar, type: string, draw: Draw): string {
  const { random, texts } = draw;
  const or = type.split(' or ');
  if (or.length > 1) return anyValue(grammar, pick(random, or), draw);
  if (type.startsWith('list ')) {
    const count = Math.floor(random() * 3);
    return Array.from({ length: count }, () => anyValue(grammar, type.slice(5), draw)).join(pick(random, [' ', '  ', '\n']));
  }
  if (type.startsWith('"')) return pick(random, type.slice(1, -1).split('|'));
  const [base = '', ...facets] = type.split(' ');
  if (facets.length > 0) return withFacets(facets, draw);
  if (base.startsWith('xs:')) return pick(random, builtIn[base] ?? texts);
  const simple = grammar.rule(base)?.simple;
  if (simple === undefined) throw new Error(`${base} is no simple type`);
  return anyValue(grammar, simple, draw);
}

function withFacets(facets: readonly string[], draw: Draw): string {
  const { random, texts } = draw;
  const bounds = new Map(
    facets.flatMap((facet) => [/^(length>=|length=|>=|<=)(.*)$/.exec(facet)?.slice(1) ?? []]) as [string, string][],
  );
  const pattern = facets.find((facet) => facet.startsWith('/'));
  if (pattern !== undefined) {
    const known = patterns.find(([of]) => of.test(pattern))?.[1];
    if (known === undefined) throw new Error(`no value is known for ${pattern}`);
    return pick(random, known);
  }
  if (bounds.has('length=')) return 'x'.repeat(Number(bounds.get('length=')));
  const shortest = bounds.get('length>=');
  if (shortest !== undefined)
    return pick(
      random,
      texts.filter((text) => text.trim().length >= Number(shortest)),
    );
  const [least, most] = [Number(bounds.get('>=') ?? 0), Number(bounds.get('<=') ?? 1e6)];
  return pick(random, [String(least), String(most), String(Math.floor(least + random() * (most - least)))]);
}
