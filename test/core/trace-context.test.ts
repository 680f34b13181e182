import { parseTraceParent } from '@opentelemetry/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatTraceparent, readTraceparent } from '../../src/core/trace-context.ts';

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const lastFlaw = fc.constantFrom('', '-', '-more', ' ', '\n', '-a\nb');
const nearly = fc
  .tuple(hex(2), fc.oneof(hex(32), fc.constant('0'.repeat(32))), fc.oneof(hex(16), fc.constant('0'.repeat(16))), hex(2), lastFlaw)
  .map(([version, trace, span, flags, rest]) => `${version}-${trace}-${span}-${flags}${rest}`);
const whole = nearly.map((value) => `00${value.slice(2, 55)}`);

it.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00', true],
  ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later', true],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more', false],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
  ['00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01', false],
  ['00-00000000000000000000000000000000-00f067aa0ba902b7-01', false],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', false],
  [' 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
  ['', false],
])('reads %j as specified', (value, valid) => {
  expect(readTraceparent(value) !== undefined).toBe(valid);
});

it('reads version 00 exactly as the OpenTelemetry implementation does', () => {
  fc.assert(
    fc.property(whole, (value) => {
      expect(readTraceparent(value) ?? null).toEqual(parseTraceParent(value));
    }),
  );
});

it('never writes a context that others cannot read, whatever it was given', () => {
  fc.assert(
    fc.property(fc.oneof(nearly, whole, fc.string(), fc.anything()), (value) => {
      const context = readTraceparent(value);
      if (context !== undefined) expect(parseTraceParent(formatTraceparent(context))).toEqual(context);
    }),
  );
});
