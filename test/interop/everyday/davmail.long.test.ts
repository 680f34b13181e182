/** DavMail, unmodified, between mail programs and the simulator. Debian's davmail-server; skipped if it is not installed. */
import { beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { address, colleague, expected } from './davmail.ts';
import { davmailInstalled, startDavmail } from './davmail-server.ts';
import { runSteps, type Steps } from './run-steps.ts';

describe.skipIf(!davmailInstalled).each(['basic', 'ntlm'] as const)('DavMail over %s', (auth) => {
  let steps: Steps = {};
  beforeAll(async () => {
    const mailboxes = [{ address, password: 'p' }, colleague];
    await using exchange = await startExchangeSimulator({ mailboxes, auth: [auth] });
    exchange.mailbox(address).store('inbox', { subject: 'was there', from: colleague, body: 'hello' });
    await using davmail = await startDavmail(exchange.url);
    const { imap, smtp, pop, caldav } = davmail.ports;
    const user = auth === 'ntlm' ? address.replace(/@.*/, '') : address;
    const args = [...[imap, smtp, pop, caldav].map(String), user, address, colleague];
    steps = await runSteps('/usr/bin/python3', 'davmail_everyday.py', args);
  });

  it.each(Object.entries(expected))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });
});
