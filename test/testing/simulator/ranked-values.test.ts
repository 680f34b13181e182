/** Names that the store keeps as numbers are ordered by these, not alphabetically. */
import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const found = async (url: string, uri: string, folder: string, more: string): Promise<readonly string[]> => {
  const shape = `<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="${uri}"/></t:AdditionalProperties></m:ItemShape>`;
  const { text } = await call(
    url,
    `<m:FindItem Traversal="Shallow">${shape}${more}<m:ParentFolderIds><t:DistinguishedFolderId Id="${folder}"/></m:ParentFolderIds></m:FindItem>`,
  );
  const name = uri.slice(uri.indexOf(':') + 1);
  return [...text.matchAll(new RegExp(`<t:${name}>(\\w+)<`, 'g'))].map(([, value = '']) => value);
};
const sorted = (uri: string, order = 'Ascending'): string =>
  `<m:SortOrder><t:FieldOrder Order="${order}"><t:FieldURI FieldURI="${uri}"/></t:FieldOrder></m:SortOrder>`;
const above = (uri: string, value: string): string =>
  `<m:Restriction><t:IsGreaterThan><t:FieldURI FieldURI="${uri}"/><t:FieldURIOrConstant><t:Constant Value="${value}"/></t:FieldURIOrConstant></t:IsGreaterThan></m:Restriction>`;

it.each([
  ['item:Importance', 'Message', ['Low', 'Normal', 'High']],
  ['item:Sensitivity', 'Message', ['Normal', 'Personal', 'Private', 'Confidential']],
  ['task:Status', 'Task', ['NotStarted', 'InProgress', 'Completed', 'WaitingOnOthers', 'Deferred']],
  ['calendar:LegacyFreeBusyStatus', 'CalendarItem', ['Free', 'Tentative', 'Busy', 'OOF']],
])('%s', async (uri, kind, values) => {
  await using exchange = await startExchangeSimulator({ mailboxes: [alice] });
  const folder = { Message: 'drafts', Task: 'tasks', CalendarItem: 'calendar' }[kind] ?? '';
  const name = uri.slice(uri.indexOf(':') + 1);
  const items = [...values].reverse().map((value) => `<t:${kind}><t:${name}>${value}</t:${name}></t:${kind}>`);
  const how = kind === 'CalendarItem' ? 'SendMeetingInvitations="SendToNone"' : 'MessageDisposition="SaveOnly"';
  await call(exchange.url, `<m:CreateItem ${how}><m:Items>${items.join('')}</m:Items></m:CreateItem>`);
  expect(await found(exchange.url, uri, folder, sorted(uri))).toEqual(values);
  expect(await found(exchange.url, uri, folder, sorted(uri, 'Descending'))).toEqual([...values].reverse());
  expect(new Set(await found(exchange.url, uri, folder, above(uri, values[1] ?? '')))).toEqual(new Set(values.slice(2)));
});
