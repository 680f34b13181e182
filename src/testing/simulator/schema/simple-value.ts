import { requestGrammar } from './read-grammar.ts';

/** What each type of XML Schema looks like, where it is narrower than text. */
const shapes: Readonly<Record<string, RegExp>> = {
  'xs:boolean': /^(?:true|false|0|1)$/,
  'xs:dateTime': /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/,
  'xs:date': /^-?\d{4,}-\d\d-\d\d(?:Z|[+-]\d\d:\d\d)?$/,
  'xs:time': /^\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?$/,
  'xs:duration': /^-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/,
  'xs:base64Binary': /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  'xs:hexBinary': /^(?:[0-9A-Fa-f]{2})*$/,
  'xs:decimal': /^[+-]?(?:\d+\.?\d*|\.\d+)$/,
  'xs:double': /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|INF|-INF|NaN)$/,
  'xs:float': /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|INF|-INF|NaN)$/,
  'xs:language': /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/,
};

/** Whole numbers, and how far they reach. */
const ranges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  'xs:byte': [-128n, 127n],
  'xs:unsignedByte': [0n, 255n],
  'xs:short': [-32_768n, 32_767n],
  'xs:unsignedShort': [0n, 65_535n],
  'xs:int': [-2_147_483_648n, 2_147_483_647n],
  'xs:unsignedInt': [0n, 4_294_967_295n],
  'xs:long': [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  'xs:unsignedLong': [0n, 18_446_744_073_709_551_615n],
  'xs:nonNegativeInteger': [0n, 10n ** 30n],
  'xs:positiveInteger': [1n, 10n ** 30n],
  'xs:integer': [-(10n ** 30n), 10n ** 30n],
};

/** Which constraint of its type a value breaks, in .NET's words; undefined when it fits. */
export function brokenConstraint(value: string, type: string): string | undefined {
  if (type.includes(' or ')) {
    const broken = type.split(' or ').map((member) => brokenConstraint(value, member));
    return broken.includes(undefined) ? undefined : 'The value does not match any of its types.';
  }
  if (type.startsWith('list ')) {
    const words = value.split(/\s+/).filter((word) => word !== '');
    return words.map((word) => brokenConstraint(word, type.slice(5))).find((broken) => broken !== undefined);
  }
  if (type.startsWith('"')) {
    return type.slice(1, -1).split('|').includes(value) ? undefined : 'The Enumeration constraint failed.';
  }
  const [base = '', ...facets] = type.split(' ');
  if (!base.startsWith('xs:')) {
    const named = requestGrammar().rule(base)?.simple;
    const broken = named === undefined ? undefined : brokenConstraint(value, named);
    if (broken !== undefined) return broken;
  } else if (!isOfBuiltIn(value, base)) {
    return `The string '${value}' is not a valid ${base.slice(3)} value.`;
  }
  return facets.map((facet) => brokenFacet(value, facet)).find((broken) => broken !== undefined);
}

function isOfBuiltIn(value: string, type: string): boolean {
  const shape = shapes[type];
  // All but strings are read without the white space around them.
  if (shape !== undefined) return shape.test(type === 'xs:base64Binary' ? value.replace(/\s+/g, '') : value.trim());
  const range = ranges[type];
  if (range === undefined) return true;
  const digits = value.trim();
  if (!/^[+-]?\d{1,40}$/.test(digits)) return false;
  const number = BigInt(digits.replace('+', ''));
  return number >= range[0] && number <= range[1];
}

function brokenFacet(value: string, facet: string): string | undefined {
  const [, sign = '', limit = ''] = /^(length>=|length=|>=|<=)(.*)$/.exec(facet) ?? [];
  switch (sign) {
    case 'length>=':
      return value.length >= Number(limit) ? undefined : 'The actual length is less than the MinLength value.';
    case 'length=':
      return value.length === Number(limit) ? undefined : 'The actual length is not equal to the specified length.';
    case '>=':
      return Number(value) >= Number(limit) ? undefined : 'The MinInclusive constraint failed.';
    case '<=':
      return Number(value) <= Number(limit) ? undefined : 'The MaxInclusive constraint failed.';
    default:
      return new RegExp(`^(?:${facet.slice(1, -1)})$`).test(value) ? undefined : 'The Pattern constraint failed.';
  }
}
