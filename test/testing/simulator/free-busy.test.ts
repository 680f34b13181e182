import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { call } from '../support/raw-ews.ts';

const noChange =
  '<t:Bias>0</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>1</t:DayOrder><t:Month>1</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek>';

it.each([
  ['62 days', '2027-01-01T00:00:00', '2027-03-04T00:00:00', 'NoError'],
  ['more than 62 days', '2027-01-01T00:00:00', '2027-03-04T00:00:01', 'ErrorTimeIntervalTooBig'],
  ['all time, which would be a billion letters', '0001-01-01T00:00:00', '9999-12-31T00:00:00', 'ErrorTimeIntervalTooBig'],
])('GetUserAvailability is called for %s', async (_, from, to, code) => {
  await using exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test'] });
  const zone = `<t:TimeZone><t:Bias>0</t:Bias><t:StandardTime>${noChange}</t:StandardTime><t:DaylightTime>${noChange}</t:DaylightTime></t:TimeZone>`;
  const who =
    '<t:MailboxData><t:Email><t:Address>alice@contoso.test</t:Address></t:Email><t:AttendeeType>Required</t:AttendeeType></t:MailboxData>';
  const window = `<t:TimeWindow><t:StartTime>${from}</t:StartTime><t:EndTime>${to}</t:EndTime></t:TimeWindow>`;
  const view = `<t:FreeBusyViewOptions>${window}<t:MergedFreeBusyIntervalInMinutes>1440</t:MergedFreeBusyIntervalInMinutes><t:RequestedView>FreeBusyMerged</t:RequestedView></t:FreeBusyViewOptions>`;
  const { text } = await call(
    exchange.url,
    `<m:GetUserAvailabilityRequest>${zone}<m:MailboxDataArray>${who}</m:MailboxDataArray>${view}</m:GetUserAvailabilityRequest>`,
  );
  expect(text).toMatch(new RegExp(`ResponseCode[^>]*>${code}<`));
});
