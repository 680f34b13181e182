import { describe, expect, it } from 'vitest';
import { ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, message } from '../support/raw-ews.ts';

const [alice, bob, eve] = ['alice@contoso.test', 'bob@contoso.test', 'eve@fabrikam.test'];
const noon = Date.UTC(2026, 6, 1, 12);

async function start(settings: { state?: string; audience?: string; duration?: string } = {}) {
  const clock = new ManualClock(noon);
  const list = { 'all@contoso.test': [bob] };
  const exchange = await startExchangeSimulator({
    mailboxes: [alice, bob, eve],
    organization: ['contoso.test'],
    distributionLists: list,
    clock,
  });
  const { state = 'Enabled', audience = 'All', duration = '' } = settings;
  const set = () =>
    call(
      exchange.url,
      `<m:SetUserOofSettingsRequest><t:Mailbox><t:Address>${bob}</t:Address></t:Mailbox><t:UserOofSettings><t:OofState>${state}</t:OofState><t:ExternalAudience>${audience}</t:ExternalAudience>${duration}<t:InternalReply><t:Message>inside</t:Message></t:InternalReply><t:ExternalReply><t:Message>&lt;p&gt;outside&lt;/p&gt;</t:Message></t:ExternalReply></t:UserOofSettings></m:SetUserOofSettingsRequest>`,
      { as: bob },
    );
  await set();
  const send = (as: string, to = bob, more: { itemClass?: string } = {}) =>
    call(exchange.url, createItem([message({ to: [to], subject: 'Hi', itemClass: 'IPM.Note', ...more })]), { as });
  const replies = (to: string) =>
    exchange
      .mailbox(to)
      .folder('inbox')
      .items.map((i) => [i.itemClass, i.subject, i.body.content]);
  return { exchange, clock, set, send, replies };
}

describe('automatic replies', () => {
  it('are sent once to each sender, by audience, and again after the settings change', async () => {
    const { exchange, send, replies, set } = await start();
    await using _ = exchange;
    await send(alice);
    await send(alice);
    await send(eve);
    const inside = ['IPM.Note.Rules.OofTemplate.Microsoft', 'Automatic reply: Hi', 'inside'];
    expect(replies(alice)).toEqual([inside]);
    expect(replies(eve)).toEqual([['IPM.Note', 'Automatic reply: Hi', '<p>outside</p>']]);
    await set();
    await send(alice);
    expect(replies(alice)).toEqual([inside, inside]);
    expect(exchange.mailbox(bob).folder('inbox').size).toBe(4);
  });

  it.each([
    ['switched off', { state: 'Disabled' }, 0, 0],
    ['for no external sender', { audience: 'None' }, 1, 0],
    ['for known people outside', { audience: 'Known' }, 1, 0],
    ['before their time', { state: 'Scheduled', duration: duration(13, 14) }, 0, 0],
    ['in their time', { state: 'Scheduled', duration: duration(11, 13) }, 1, 1],
    ['after their time', { state: 'Scheduled', duration: duration(10, 12) }, 0, 0],
  ])('%s', async (_name, settings, inside, outside) => {
    const { exchange, send, replies } = await start(settings);
    await using _ = exchange;
    await send(alice);
    await send(eve);
    expect([replies(alice).length, replies(eve).length]).toEqual([inside, outside]);
  });

  it('answer no automatic message, no list, and not themselves', async () => {
    const { exchange, send, replies } = await start();
    await using _ = exchange;
    await send(bob);
    await send(alice, 'all@contoso.test');
    await send(alice, bob, { itemClass: 'IPM.Note.Rules.OofTemplate.Microsoft' });
    await send(alice, bob, { itemClass: 'IM.Note.MissedConversation' });
    expect([replies(alice), exchange.mailbox(bob).folder('inbox').size]).toEqual([[], 4]);
  });

  it('forget whom they replied to when a snapshot is restored', async () => {
    const { exchange, send, replies } = await start();
    await using _ = exchange;
    const before = exchange.snapshot();
    await send(alice);
    exchange.restore(before);
    await send(alice);
    expect(replies(alice)).toHaveLength(1);
  });
});

function duration(from: number, to: number): string {
  return `<t:Duration><t:StartTime>2026-07-01T${from}:00:00Z</t:StartTime><t:EndTime>2026-07-01T${to}:00:00Z</t:EndTime></t:Duration>`;
}
