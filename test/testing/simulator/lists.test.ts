/** Distribution lists: a message to one reaches each member once. */
import { expect, it } from 'vitest';
import { sendToSimulator } from '../../support/send-to-simulator.ts';
import { call } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
const distributionLists = {
  'team@contoso.test': [bob, carol],
  'all@contoso.test': ['team@contoso.test', bob, 'all@contoso.test', 'out@fabrikam.test', 'gone@contoso.test'],
};

it('a note of our sender to a nested list arrives once at each member, with its class', async () => {
  await using scene = await sendToSimulator({
    simulator: { mailboxes: [alice, bob, carol], distributionLists },
  });
  await scene.sender.send({ to: 'sip:all@contoso.test', text: 'to all', conversationId: 'list' });
  await scene.settle(60_000);
  const received = [bob, carol].map((address) =>
    scene.exchange
      .mailbox(address)
      .folder('inbox')
      .items.map(({ itemClass, body }) => [itemClass.split('.').slice(0, 2).join('.'), body.content]),
  );
  expect(received[0]).toEqual(received[1]);
  expect(received[0]?.length).toBe(1);
  expect(received[0]?.[0]?.[1]).toContain('to all');
  expect(scene.exchange.outbound.map(({ recipient }) => recipient)).toEqual(['out@fabrikam.test']);
  // The unknown member results in a report; the note itself was sent.
  expect(
    scene.exchange
      .mailbox(alice)
      .folder('inbox')
      .items.map(({ itemClass }) => itemClass),
  ).toEqual(['REPORT.IPM.Note.NDR']);
  expect(scene.events.at(-1)).toBe('delivered');
});

it('ExpandDL opens one level, and marks each member that is a list', async () => {
  await using scene = await sendToSimulator({ simulator: { mailboxes: [alice, bob, carol], distributionLists } });
  const expand = (address: string) =>
    call(scene.exchange.url, `<m:ExpandDL><m:Mailbox><t:EmailAddress>${address}</t:EmailAddress></m:Mailbox></m:ExpandDL>`);
  const all = await expand('all@contoso.test');
  expect([...all.text.matchAll(/<t:EmailAddress>([^<]*)</g)].map(([, address]) => address)).toEqual(
    distributionLists['all@contoso.test'],
  );
  expect(all.text.match(/<t:MailboxType>PublicDL</g)?.length).toBe(2);
  expect((await expand(bob)).codes).toEqual(['ErrorNameResolutionNoResults']);
});
