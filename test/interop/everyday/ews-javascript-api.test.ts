/** The everyday work of ews-javascript-api, unmodified, over @ewsjs/xhr: with Basic, and with its NTLM; then more of it, with Basic. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { alice, bob, calls, serviceAt, type World } from './ews-javascript-api.ts';
import { calendar } from './ews-javascript-api-calendar.ts';
import { more } from './ews-javascript-api-more.ts';

describe.each([
  ['basic', calls],
  ['ntlm', calls],
  ['basic', more],
  ['basic', calendar],
] as const)('ews-javascript-api over %s', (auth, work) => {
  let world: World;

  beforeAll(async () => {
    const exchange = await startExchangeSimulator({
      mailboxes: [{ address: alice, password: 'p' }, bob],
      auth: [auth],
      distributionLists: { 'team@contoso.test': [alice, bob] },
    });
    world = { exchange, service: serviceAt(exchange, auth), auth };
  });
  afterAll(() => world.exchange.close());

  it.each(Object.entries(work))('%s', (_name, call) => call(world));
});
