import { describe, expect, it } from 'vitest';
import { createExchange } from '../../../src/testing.ts';
import { envelope } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const exchange = createExchange({ mailboxes: [alice], access: 'anonymous' });
const call = async (body: string, header = ''): Promise<string> => {
  const headers = { 'content-type': 'text/xml', 'x-anchormailbox': alice };
  return (
    await exchange.fetch(exchange.url, { method: 'POST', headers, body: envelope(body, 'Exchange2013_SP1', header) })
  ).text();
};
const property =
  '<t:ExtendedFieldURI PropertySetId="0006200a-0000-0000-c000-000000000047" PropertyName="when" PropertyType="SystemTime"/>';

async function kept(start: string, subject = 'x'): Promise<string> {
  const item = `<t:CalendarItem><t:Subject>${subject}</t:Subject><t:ExtendedProperty>${property}<t:Value>${start}</t:Value></t:ExtendedProperty><t:Start>${start}</t:Start><t:End>2026-11-28T23:00:00-05:00</t:End></t:CalendarItem>`;
  const created = await call(`<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`);
  const id = /<t:ItemId [^>]*>/.exec(created)?.[0] ?? created;
  return call(
    `<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:AdditionalProperties>${property}</t:AdditionalProperties></m:ItemShape><m:ItemIds>${id}</m:ItemIds></m:GetItem>`,
  );
}

describe('a dateTime sent by a client', () => {
  it.each([
    ['2026-11-28T10:00:00+02:00', '2026-11-28T08:00:00Z'],
    ['2026-11-28T22:30:00.123-05:00', '2026-11-29T03:30:00Z'],
    ['2026-11-28T10:00:00Z', '2026-11-28T10:00:00Z'],
    ['2026-11-28T10:00:00', '2026-11-28T10:00:00Z'],
  ])('%s is returned in UTC, to the second: %s', async (sent, answered) => {
    const answer = await kept(sent);
    expect(answer).toContain(`<t:Start>${answered}</t:Start>`);
    expect(answer).toContain('<t:End>2026-11-29T04:00:00Z</t:End>');
    expect(answer).toContain(`<t:Value>${answered}</t:Value>`);
  });

  it('is recognised by the schema: similar text is unchanged', async () => {
    expect(await kept('2026-11-28T10:00:00Z', '2026-11-28T10:00:00+02:00')).toContain(
      '<t:Subject>2026-11-28T10:00:00+02:00</t:Subject>',
    );
  });
});

describe('a dateTime without a zone is in that of the TimeZoneContext', () => {
  const start = async (wall: string, definition: string): Promise<string | undefined> => {
    const item = `<t:CalendarItem><t:Subject>${wall}</t:Subject><t:Start>${wall}</t:Start><t:End>2030-01-01T00:00:00Z</t:End></t:CalendarItem>`;
    const header = `<t:TimeZoneContext>${definition}</t:TimeZoneContext>`;
    const answer = await call(
      `<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>${item}</m:Items></m:CreateItem>`,
      header,
    );
    if (!answer.includes('NoError')) return /<e:ResponseCode[^>]*>(\w+)/.exec(answer)?.[1];
    const made = exchange.mailbox(alice).folder('calendar').items.at(-1);
    expect(made?.subject).toBe(wall);
    return /[\d-]+T[\d:]+Z/.exec(made?.content.fields?.get('Start') ?? '')?.[0];
  };
  const named = (id: string): string => `<t:TimeZoneDefinition Id="${id}"/>`;

  it.each([
    ['Romance Standard Time', '2026-07-01T09:00:00', '2026-07-01T07:00:00Z'],
    ['Romance Standard Time', '2026-01-01T09:00:00', '2026-01-01T08:00:00Z'],
    ['Romance Standard Time', '2026-03-29T02:30:00', '2026-03-29T01:30:00Z'],
    ['Romance Standard Time', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z'],
    ['Pacific Standard Time', '2026-07-01T09:00:00', '2026-07-01T16:00:00Z'],
    ['India Standard Time', '2026-07-01T09:00:00', '2026-07-01T03:30:00Z'],
    ['UTC', '2026-07-01T09:00:00', '2026-07-01T09:00:00Z'],
    ['Pacific Standard Time', '2026-07-01T09:00:00+02:00', '2026-07-01T07:00:00Z'],
    ['Nowhere Standard Time', '2026-07-01T09:00:00', 'ErrorTimeZone'],
  ])('%s: %s is %s', async (zone, wall, moment) => {
    expect(await start(wall, named(zone))).toBe(moment);
  });

  it('or in a zone that the client describes', async () => {
    const periods = '<t:Periods><t:Period Bias="-PT5H45M" Name="Standard" Id="one"/></t:Periods>';
    const own = `<t:TimeZoneDefinition Id="Own" Name="Own">${periods}</t:TimeZoneDefinition>`;
    expect(await start('2026-07-01T09:00:00', own)).toBe('2026-07-01T03:15:00Z');
  });
});
