import { expect, it } from 'vitest';
import { numbersOfRow } from '../../support/security-page.ts';
import { describeHostileServers, served, ways } from './suite.ts';

describeHostileServers('fetch');

it('as many attacks are tried as docs/security.md says', () => {
  const counted = served.map(({ attacks }) => Object.keys(attacks).length);
  expect(numbersOfRow('Servers over a raw socket').tried).toEqual([...counted, ways.length]);
});
