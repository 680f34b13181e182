/** zeep (Python), a client for any SOAP service, uses the WSDL of the simulator. Debian's python3-zeep; skipped if it is not installed. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { runSteps } from './everyday/run-steps.ts';

const python = '/usr/bin/python3';
const installed = spawnSync(python, ['-c', 'import zeep, requests'], { timeout: 120_000 }).status === 0;
const address = 'dave@contoso.test';

describe.skipIf(!installed)('zeep', () => {
  it('reads the description and calls operations with it', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [{ address, password: 'p' }] });
    expect(await runSteps(python, 'zeep_everyday.py', [exchange.url, address])).toEqual({
      'has an address and operations': [true, true],
      'binds a folder': ['Inbox', 0, 15],
      sends: 'NoError',
      'finds and reads': ['from zeep', 'text é', address, false],
      'hears what is wrong': 'ErrorItemNotFound',
    });
  });
});
