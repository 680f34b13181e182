import { createExchange, ManualClock, startExchangeSimulator } from '../../../../src/testing.ts';

/** What a test in a page would do, without any server. */
async function everyday(): Promise<unknown> {
  const clock = new ManualClock();
  const exchange = createExchange({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'], clock, lateCopies: 1000 });
  exchange.mailbox('alice@contoso.test').store('inbox', { subject: 'Seeded', from: 'bob@contoso.test' });
  const authorization = `Bearer ${exchange.tokens.issue('alice@contoso.test')}`;
  const listed = await exchange.fetch(`${exchange.graphUrl}/v1.0/me/messages`, { headers: { authorization } });
  const { value } = (await listed.json()) as { value: { subject: string }[] };
  const sent = await exchange.fetch(`${exchange.graphUrl}/v1.0/me/sendMail`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      message: { subject: 'Hi', toRecipients: [{ emailAddress: { address: 'bob@contoso.test' } }] },
      saveToSentItems: true,
    }),
  });
  await clock.advance(2000);
  exchange.faults.on('*').resetBefore();
  const lost = await exchange.fetch(exchange.url, { method: 'POST', body: 'x' }).catch((error: unknown) => String(error));
  const started = await startExchangeSimulator({ mailboxes: ['alice@contoso.test'] }).catch((error: unknown) => String(error));
  return {
    subjects: value.map(({ subject }) => subject),
    status: sent.status,
    received: exchange
      .mailbox('bob@contoso.test')
      .folder('inbox')
      .items.map(({ subject }) => subject),
    lost,
    started,
  };
}

Object.assign(globalThis, { everyday });
