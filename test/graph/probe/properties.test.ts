/** Extended properties may be returned in another form than requested; no other property is ever taken for one. */
import { describe, expect, it } from 'vitest';
import { classProperty, flagsProperty, propertyOf, submittedIn, tagProperty } from '../../../src/graph/probe/properties.ts';

const set = 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147';
const item = (...properties: readonly unknown[]) => ({ singleValueExtendedProperties: properties });

describe('the value of a property', () => {
  it.each([
    [flagsProperty, 'Integer 0xe07'],
    [flagsProperty, ' integer  0x0E07 '],
    [classProperty, 'String 0x1a'],
    [tagProperty, `string {${set.toUpperCase()}} name OfflineImTag`],
    [tagProperty, ` String ${set}  Name  OfflineImTag `],
  ])('%s is found under %j', (property, id) => {
    expect(propertyOf(item({ id: 'Integer 0x1', value: 'x' }, { id, value: 'v' }), property)).toBe('v');
  });

  it.each([
    [flagsProperty, 'Integer 0xe08'],
    [flagsProperty, 'String 0xe07'],
    [flagsProperty, 'Integer 0xe07 and more'],
    [tagProperty, `String {${set}} Name offlineimtag`],
    [tagProperty, `String {${set}} Name OfflineImTag2`],
    [tagProperty, `Integer {${set}} Name OfflineImTag`],
    [tagProperty, `String {${set.replace('b1', 'b2')}} Name OfflineImTag`],
  ])('%s is not found under %j', (property, id) => {
    expect(propertyOf(item({ id, value: 'v' }), property)).toBeUndefined();
  });

  it('must be text, among the first fifty', () => {
    const id = flagsProperty;
    expect(propertyOf(item({ id, value: 8 }, { value: 'x' }, { id: 5, value: 'y' }, { id, value: '9' }), id)).toBe('9');
    const others = Array.from({ length: 50 }, () => ({ id: 'Integer 0x1', value: 'x' }));
    expect(propertyOf(item(...others.slice(1), { id, value: '8' }), id)).toBe('8');
    expect(propertyOf(item(...others, { id, value: '8' }), id)).toBeUndefined();
    expect(propertyOf({}, id)).toBeUndefined();
  });
});

it.each([
  ['12', true],
  ['4', true],
  ['8', false],
  ['0', false],
  [undefined, undefined],
  ['', undefined],
  ['-8', undefined],
  ['x8', undefined],
  ['8x', undefined],
  ['12345678901', undefined],
])('flags %j mean submitted: %s', (flags, submitted) => expect(submittedIn(flags)).toBe(submitted));
