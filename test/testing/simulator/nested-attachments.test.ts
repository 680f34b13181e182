import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const file = '<t:FileAttachment><t:Name>tief ü.txt</t:Name><t:Content>ZGVlcA==</t:Content></t:FileAttachment>';
const inside = (inner: string, name: string): string =>
  `<t:ItemAttachment><t:Name>${name}</t:Name><t:Message><t:Subject>${name} ☃</t:Subject><t:Attachments>${inner}</t:Attachments></t:Message></t:ItemAttachment>`;
const to = `<t:ToRecipients><t:Mailbox><t:EmailAddress>${bob}</t:EmailAddress></t:Mailbox></t:ToRecipients>`;
const outer = `<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items><t:Message><t:Subject>outer</t:Subject><t:Attachments>${inside(inside(file, 'second'), 'first')}</t:Attachments>${to}</t:Message></m:Items></m:CreateItem>`;
const ids = (text: string): readonly string[] => [...text.matchAll(/AttachmentId Id="([^"]+)"/g)].map(([, id = '']) => id);
const attachment = (id: string): string => `<m:AttachmentIds><t:AttachmentId Id="${id}"/></m:AttachmentIds>`;

it('a nested attachment has its own id in each copy, at any depth', async () => {
  await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
  const { url } = exchange;
  await call(url, outer);
  const paths: string[] = [];
  for (const [as, folder] of [
    [bob, 'inbox'],
    [alice, 'sentitems'],
  ] as const) {
    const get = async (id: string): Promise<string> =>
      (await call(url, `<m:GetAttachment>${attachment(id)}</m:GetAttachment>`, { as })).text;
    const item = exchange.mailbox(as).folder(folder).items[0];
    const [first = ''] = item?.attachments.map(({ id }) => id) ?? [];
    const second = ids(await get(first))[1] ?? '';
    const third = ids(await get(second))[1] ?? '';
    expect(await get(second)).toContain('second ☃');
    expect(await get(third)).toContain('<t:Content>ZGVlcA==</t:Content>');
    paths.push(first, second, third);
  }
  expect(new Set(paths).size).toBe(6);
  // No user can read that of another by its id, and an attachment removed from one copy stays in the other.
  const [, , ofBob = '', , , ofAlice = ''] = paths;
  const stolen = await call(url, `<m:GetAttachment>${attachment(ofAlice)}</m:GetAttachment>`, { as: bob });
  expect(stolen.codes).toEqual(['ErrorAccessDenied']);
  expect((await call(url, `<m:DeleteAttachment>${attachment(ofBob)}</m:DeleteAttachment>`, { as: bob })).codes).toEqual([
    'NoError',
  ]);
  const gone = await call(url, `<m:GetAttachment>${attachment(ofBob)}</m:GetAttachment>`, { as: bob });
  expect(gone.codes).toEqual(['ErrorInvalidAttachmentId']);
  expect((await call(url, `<m:GetAttachment>${attachment(ofAlice)}</m:GetAttachment>`)).codes).toEqual(['NoError']);
});

it('a draft that was changed since it was read is not sent with its old change key', async () => {
  await using exchange = await startExchangeSimulator({ mailboxes: [alice, bob] });
  const draft = exchange.mailbox(alice).store('drafts', { subject: 'draft', to: [{ address: bob }] }, 'draft');
  const changed = exchange.mailbox(alice).update(draft, { content: { ...draft.content, subject: 'changed' } });
  const send = (key: string): string =>
    `<m:SendItem SaveItemToFolder="false"><m:ItemIds><t:ItemId Id="${draft.id}" ChangeKey="${key}"/></m:ItemIds></m:SendItem>`;
  expect((await call(exchange.url, send(draft.changeKey))).codes).toEqual(['ErrorStaleObject']);
  expect(exchange.mailbox(bob).folder('inbox').size).toBe(0);
  expect((await call(exchange.url, send(changed.changeKey))).codes).toEqual(['NoError']);
  expect(
    exchange
      .mailbox(bob)
      .folder('inbox')
      .items.map((item) => item.subject),
  ).toEqual(['changed']);
});
