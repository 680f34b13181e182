import { expect, it } from 'vitest';
import { cliOptions } from './cli-options.ts';

it('reads numbers and falls back to defaults', () => {
  expect(cliOptions(['--spool', 'sqlite', '--kills', '0', '--seed', '7', '--loss', '.5'])).toEqual({
    torture: { spool: 'sqlite', transport: 'ews', kills: 0, messages: 20_000, workers: 3, mailboxes: 20, seed: 7, loss: 0.5 },
    disturb: false,
    pgbouncer: false,
    connection: undefined,
  });
});

it.each([
  ['--kills', 'abc', 'a whole number, 0 or more'],
  ['--kills=-1', '', 'a whole number, 0 or more'],
  ['--messages', '1.5', 'a whole number, 1 or more'],
  ['--messages', '0', 'a whole number, 1 or more'],
  ['--mailboxes', '', 'a whole number, 1 or more'],
  ['--seed', '1e3', 'a whole number, 0 or more'],
  ['--workers', '3', 'a whole number from 1 to 1'],
  ['--loss', '1', 'a number from 0 up to, but not including, 1'],
  ['--spool', 'memory', 'file, sqlite or postgres'],
  ['--pgbouncer', '', '--spool postgres, and no --connection'],
  ['--transport', 'smtp', 'ews, graph or both'],
])('refuses %s %s and says what is expected', (name, value, expected) => {
  expect(() => cliOptions(value === '' && !name.includes('mailboxes') ? [name] : [name, value])).toThrow(`expected ${expected}.`);
});
