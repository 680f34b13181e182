/** JSON from outside is limited before it is parsed, and otherwise read as the language reads it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/graph/client/json.ts';

const repeat = (text: string, times: number): string => text.repeat(times);

/** In a different way from the reader: a name that is written more often than it exists was written twice. */
function expected(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'refused';
  }
  const written = [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)].filter(([, colon]) => colon === ':').length;
  return written > namesIn(value) ? 'refused' : { value };
}

function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + namesIn(inner), own);
}

describe('JSON within the limits', () => {
  it('is read as JSON.parse reads it, whatever its strings hold', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ']', '}', ',', ':', 'a') });
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        text,
        fc.integer(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(text, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(values, (value) => {
        const json = JSON.stringify(value);
        expect(parseJson(json)).toEqual({ value: JSON.parse(json) });
      }),
    );
  });

  it('brackets and commas inside strings do not count', () => {
    const value = [repeat('[{,', 50_000), repeat('\\"', 50_000), '\\'];
    expect(parseJson(JSON.stringify(value))).toEqual({ value });
  });

  it('any text is read or refused as by JSON.parse, without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ']', '}', ',', ':', '1', ' ', 'n') }), (text) => {
        const read = parseJson(text);
        expect('value' in read ? read : 'refused').toEqual(expected(text));
      }),
    );
  });

  it('an object with a duplicate name is refused at any depth, and no other', () => {
    const names = fc.constantFrom('"a"', '"\\u0061"', '"b"', '"value"', '"\\""');
    const { text: texts } = fc.letrec<{ text: string }>((tie) => ({
      text: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.constantFrom('1', 'null', '"a:"', '"{\\"a\\":1}"'),
        fc.array(tie('text'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
        fc
          .array(fc.tuple(names, tie('text')), { maxLength: 3 })
          .map((pairs) => `{${pairs.map((pair) => pair.join(' :')).join(',')}}`),
      ),
    }));
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseJson(text);
        outcomes.add('value' in read);
        expect('value' in read ? read : 'refused').toEqual(expected(text));
      }),
      { numRuns: 500 },
    );
    expect(outcomes.size).toBe(2);
  });
});

describe('JSON beyond the limits is refused', () => {
  it.each([
    ['many objects', `[${repeat('{},', 300_000)}{}]`, 'of more than 20000 values'],
    ['many numbers', `[${repeat('1,', 300_000)}1]`, 'of more than 20000 values'],
    ['many keys', `{${Array.from({ length: 30_000 }, (_, n) => `"${n}":1`).join(',')}}`, 'of more than 20000 values'],
    ['brackets that never close', repeat('[', 1_000_000), 'nested more than 64 levels deep'],
    ['objects in objects', `${repeat('{"a":', 1_000)}1${repeat('}', 1_000)}`, 'nested more than 64 levels deep'],
    ['a name that stands twice', '{"value":[1],"value":[]}', 'ambiguous: an object has a name twice'],
    ['a name that stands twice further in', '[{"a":{"b":1,"c":[{}],"b":2}}]', 'ambiguous: an object has a name twice'],
    ['a name that is escaped the second time', '{"value":[1],"v\\u0061lue":[]}', 'ambiguous: an object has a name twice'],
    ['a page', '  <!doctype html>', 'a page, not JSON'],
    ['half of a text', '{"value":[', 'not JSON'],
    ['a string without an end', `"${repeat('\\"', 1_000)}`, 'not JSON'],
    ['nothing', '', 'not JSON'],
  ])('%s', (_, text, why) => {
    expect(parseJson(text)).toEqual({ why });
  });
});
