/** SoapClient (PHP), as php-ews uses it, with the WSDL of the simulator. Debian's php-soap; skipped if it is not installed. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import { runSteps } from './everyday/run-steps.ts';

const php = '/usr/bin/php';
const installed = spawnSync(php, ['-r', 'exit(class_exists("SoapClient") ? 0 : 1);'], { timeout: 120_000 }).status === 0;
const address = 'dave@contoso.test';

describe.skipIf(!installed)('SoapClient', () => {
  it('reads the description and writes lists of whatever it says can be repeated', async () => {
    await using exchange = await startExchangeSimulator({ mailboxes: [{ address, password: 'p' }] });
    expect(await runSteps(php, 'php_everyday.php', [exchange.url, address, 'p'])).toEqual({
      sends: 'NoError',
      finds: 1,
      reads: ['<p>text é</p>', 'IPM.Note', `${address}; bob@fabrikam.test`, '2'],
      'marks as read': 'NoError',
      attaches: 'NoError',
      'subscribes to several events': 'NoError',
      moves: 'NoError',
      'hears what is wrong': 'ErrorItemNotFound',
    });
    expect(exchange.outbound.map(({ recipient }) => recipient)).toEqual(['bob@fabrikam.test']);
  });
});
