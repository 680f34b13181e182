/** Inbox rules that move, copy, delete and forward. */
import { afterEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, type MailboxOptions, startExchangeSimulator } from '../../../src/testing.ts';
import { call, createItem, message, type RawMessage } from '../support/raw-ews.ts';

const [alice, bob, carol] = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'];
let exchange: ExchangeSimulator;
const start = async (rules: MailboxOptions['rules']): Promise<void> => {
  exchange = await startExchangeSimulator({
    mailboxes: [alice, { address: bob, ...(rules === undefined ? {} : { rules }) }, carol],
  });
};
afterEach(() => exchange.close());

const send = async (of: RawMessage = {}): Promise<void> => {
  expect((await call(exchange.url, createItem([message({ itemClass: 'IPM.Note', ...of })], ''))).codes).toEqual(['NoError']);
};
const subjects = (address: string, folder: string): readonly string[] =>
  exchange
    .mailbox(address)
    .folder(folder)
    .items.map(({ subject }) => subject);

describe('a rule', () => {
  it('moves matching messages, by class, subject, sender or body, into a folder that is created if missing', async () => {
    await start([
      { itemClass: 'IM.Note', moveTo: 'Missed' },
      { subjectContains: ['invoice', 'bill'], moveTo: 'Money', markAsRead: true },
      { from: carol, moveTo: 'junkemail' },
      { bodyContains: 'unsubscribe', delete: true },
    ]);
    await send({ itemClass: 'IM.Note.MissedConversation', subject: 'note' });
    await send({ subject: 'Your INVOICE' });
    await send({ subject: 'news', text: 'click to Unsubscribe' });
    await send({ subject: 'plain' });
    await call(exchange.url, createItem([message({ subject: 'from carol' })], ''), { as: carol });
    expect({
      inbox: subjects(bob, 'inbox'),
      missed: subjects(bob, 'Missed'),
      money: subjects(bob, 'Money'),
      junk: subjects(bob, 'junkemail'),
      deleted: subjects(bob, 'deleteditems'),
    }).toEqual({ inbox: ['plain'], missed: ['note'], money: ['Your INVOICE'], junk: ['from carol'], deleted: ['news'] });
    expect(exchange.mailbox(bob).folder('Money').items[0]?.isRead).toBe(true);
    expect(
      exchange
        .mailbox(bob)
        .missedConversations()
        .map(({ subject }) => subject),
    ).toContain('note');
  });

  it('deletes permanently, copies, and stops later rules', async () => {
    await start([
      { subjectContains: 'secret', delete: 'for-good' },
      { subjectContains: 'keep', copyTo: 'Kept', stop: true },
      { moveTo: 'Rest' },
    ]);
    for (const subject of ['secret', 'keep', 'other']) await send({ subject });
    expect([subjects(bob, 'inbox'), subjects(bob, 'Kept'), subjects(bob, 'Rest')]).toEqual([['keep'], ['keep'], ['other']]);
    expect(exchange.mailbox(bob).folders.flatMap(({ items }) => items.map(({ subject }) => subject))).not.toContain('secret');
  });

  it('forwards, to internal and external recipients, and never in a circle', async () => {
    exchange = await startExchangeSimulator({
      mailboxes: [
        alice,
        { address: bob, rules: [{ redirectTo: [carol, 'out@fabrikam.test'] }, { subjectContains: 'fw', forwardTo: [carol] }] },
        { address: carol, rules: [{ redirectTo: [bob] }] },
      ],
    });
    await send({ subject: 'round' });
    await send({ subject: 'fw please' });
    expect(subjects(bob, 'inbox')).toEqual(['round', 'fw please']);
    expect(subjects(carol, 'inbox')).toEqual(['round', 'fw please', 'FW: fw please']);
    const [redirected, , forwarded] = exchange.mailbox(carol).folder('inbox').items;
    expect([redirected?.from?.address, forwarded?.from?.address]).toEqual([alice, bob]);
    expect(exchange.outbound.map(({ recipient }) => recipient)).toEqual(['out@fabrikam.test', 'out@fabrikam.test']);
  });

  it('also applies to messages that a test delivers', async () => {
    await start([{ moveTo: 'All' }]);
    expect(exchange.mailbox(bob).receive({ subject: 'Hi' }).folder).toBe('All');
    exchange.reset();
    expect(exchange.mailbox(bob).receive({ subject: 'again' }).folder).toBe('All');
    await exchange.expectNone();
  });

  it('without an action is refused', async () => {
    await start(undefined);
    const mailboxes = [{ address: bob, rules: [{ from: alice }] }];
    await expect(startExchangeSimulator({ mailboxes })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

describe('GetInboxRules and UpdateInboxRules', () => {
  const get = () => call(exchange.url, '<m:GetInboxRules/>', { as: bob });
  const update = (operations: string) =>
    call(
      exchange.url,
      `<m:UpdateInboxRules><m:RemoveOutlookRuleBlob>true</m:RemoveOutlookRuleBlob><m:Operations>${operations}</m:Operations></m:UpdateInboxRules>`,
      { as: bob },
    );
  const rule = (name: string, inner: string, id = ''): string =>
    `<t:Rule>${id === '' ? '' : `<t:RuleId>${id}</t:RuleId>`}<t:DisplayName>${name}</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>true</t:IsEnabled>${inner}</t:Rule>`;
  const toJunk = '<t:Actions><t:MoveToFolder><t:DistinguishedFolderId Id="junkemail"/></t:MoveToFolder></t:Actions>';
  const ifSpam = '<t:Conditions><t:ContainsSubjectStrings><t:String>spam</t:String></t:ContainsSubjectStrings></t:Conditions>';

  it('create, change and delete rules that take effect', async () => {
    await start([{ name: 'Given', subjectContains: 'given', moveTo: 'Given' }]);
    expect((await get()).text).toContain('<t:DisplayName>Given</t:DisplayName>');
    expect((await update(`<t:CreateRuleOperation>${rule('Spam', ifSpam + toJunk)}</t:CreateRuleOperation>`)).text).toContain(
      '>NoError<',
    );
    await send({ subject: 'spam one' });
    const id = /<t:RuleId>([^<]+)<\/t:RuleId><t:DisplayName>Spam/.exec((await get()).text)?.[1] ?? '';
    const exceptions = '<t:Exceptions><t:SentToMe>true</t:SentToMe></t:Exceptions>';
    await update(`<t:SetRuleOperation>${rule('Spam', ifSpam + exceptions + toJunk, id)}</t:SetRuleOperation>`);
    await send({ subject: 'spam two' });
    await update(`<t:DeleteRuleOperation><t:RuleId>${id}</t:RuleId></t:DeleteRuleOperation>`);
    expect((await get()).text).not.toContain('Spam');
    expect([subjects(bob, 'junkemail'), subjects(bob, 'inbox')]).toEqual([['spam one'], ['spam two']]);
  });

  it('refuse anything that is not simulated with a sentence, and then change nothing', async () => {
    await start(undefined);
    const sms =
      '<t:Actions><t:SendSMSAlertToRecipients><t:Address><t:EmailAddress>1@2.test</t:EmailAddress></t:Address></t:SendSMSAlertToRecipients></t:Actions>';
    const answer = await update(
      `<t:CreateRuleOperation>${rule('Good', toJunk)}</t:CreateRuleOperation><t:CreateRuleOperation>${rule('Bad', sms)}</t:CreateRuleOperation>` +
        '<t:DeleteRuleOperation><t:RuleId>nothing</t:RuleId></t:DeleteRuleOperation>',
    );
    expect(answer.text).toContain('ErrorInboxRulesValidationError');
    expect(answer.text).toMatch(/OperationIndex>1<.*SendSMSAlertToRecipients is not simulated.*OperationIndex>2<.*RuleNotFound/);
    expect((await get()).text).not.toContain('Good');
  });
});
