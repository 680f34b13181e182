import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../ews/xml/read.ts';
import { escapeText } from '../../../ews/xml/write.ts';
import type { MessageContent } from '../store/item.ts';
import { readElement, textsOf } from '../xml/written-element.ts';

/** What iCalendar says of an appointment: its fields as EWS writes them, its subject and its text. */
export interface ParsedCalendar {
  readonly subject?: string;
  readonly body?: MessageContent['body'];
  readonly fields: ReadonlyMap<string, string>;
}

/** An appointment as iCalendar (RFC 5545), which is what Exchange gives as its MIME: text, not bytes. */
export function composeCalendar(content: MessageContent, stamp: Date): string {
  const field = (name: string): string | undefined => {
    const written = content.fields?.get(name);
    return written === undefined ? undefined : textsOf(written)[0];
  };
  const allDay = field('IsAllDayEvent') === 'true';
  const zone = zoneOf(content);
  const time = (name: string, text: string | undefined): string => {
    const utc = utcOf(text ?? '');
    return allDay ? `${name};VALUE=DATE:${utc.slice(0, 8)}` : `${name}:${utc}`;
  };
  const lines = [
    'BEGIN:VCALENDAR',
    'METHOD:PUBLISH',
    'PRODID:-//offline-im//simulator//EN',
    'VERSION:2.0',
    'BEGIN:VTIMEZONE',
    `TZID:${zone}`,
    'BEGIN:STANDARD',
    'DTSTART:16010101T000000',
    'TZOFFSETFROM:+0000',
    'TZOFFSETTO:+0000',
    'END:STANDARD',
    'END:VTIMEZONE',
    'BEGIN:VEVENT',
    ...people(content, 'Organizer').map((address) => `ORGANIZER:MAILTO:${address}`),
    ...attendees(content).map(([role, address]) => `ATTENDEE;ROLE=${role}:MAILTO:${address}`),
    ...(content.body.content === '' ? [] : [`DESCRIPTION:${escaped(content.body.content)}`]),
    `SUMMARY:${escaped(content.subject)}`,
    time('DTSTART', field('Start')),
    time('DTEND', field('End')),
    `UID:${field('UID') ?? content.internetMessageId}`,
    `CLASS:${content.sensitivity === 'Normal' ? 'PUBLIC' : 'PRIVATE'}`,
    `DTSTAMP:${utcOf(stamp.toISOString())}`,
    `TRANSP:${field('LegacyFreeBusyStatus') === 'Free' ? 'TRANSPARENT' : 'OPAQUE'}`,
    'STATUS:CONFIRMED',
    ...(field('Location') === undefined ? [] : [`LOCATION:${escaped(field('Location') ?? '')}`]),
    `X-MICROSOFT-CDO-BUSYSTATUS:${(field('LegacyFreeBusyStatus') ?? 'Busy').toUpperCase()}`,
    `X-MICROSOFT-CDO-ALLDAYEVENT:${allDay ? 'TRUE' : 'FALSE'}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];
  return lines.map(folded).join('\r\n');
}

/** Reads the first event; undefined for what is no calendar. */
export function parseCalendar(text: string): ParsedCalendar | undefined {
  if (!/^\s*BEGIN:VCALENDAR/i.test(text)) return undefined;
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const [from, to] = [lines.indexOf('BEGIN:VEVENT'), lines.indexOf('END:VEVENT')];
  if (from === -1 || to < from) return undefined;
  const event = lines.slice(from + 1, to).flatMap((line) => {
    const found = /^([\w-]+)((?:;[^:"]*(?:"[^"]*")?)*):(.*)$/.exec(line);
    return found === null ? [] : [{ name: (found[1] ?? '').toUpperCase(), parameters: found[2] ?? '', value: found[3] ?? '' }];
  });
  const first = (name: string) => event.find((line) => line.name === name);
  const fields = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) fields.set(name, `<t:${name}>${escapeText(value)}</t:${name}>`);
  };
  const [start, end] = [first('DTSTART'), first('DTEND') ?? first('DTSTART')];
  set('Start', start && isoOf(start.value));
  set('End', end && isoOf(end.value));
  set('IsAllDayEvent', start && String(/^\d{8}$/.test(start.value)));
  set('Location', unescaped(first('LOCATION')?.value));
  set('UID', first('UID')?.value);
  set('LegacyFreeBusyStatus', first('TRANSP')?.value === 'TRANSPARENT' ? 'Free' : undefined);
  for (const [name, optional] of [
    ['RequiredAttendees', false],
    ['OptionalAttendees', true],
  ] as const) {
    const written = event
      .filter((line) => line.name === 'ATTENDEE' && /OPT-PARTICIPANT/i.test(line.parameters) === optional)
      .map(({ value }) => `<t:EmailAddress>${escapeText(value.replace(/^mailto:/i, ''))}</t:EmailAddress>`)
      .map((address) => `<t:Attendee><t:Mailbox>${address}</t:Mailbox></t:Attendee>`);
    if (written.length > 0) fields.set(name, `<t:${name}>${written.join('')}</t:${name}>`);
  }
  const [subject, description] = [unescaped(first('SUMMARY')?.value), unescaped(first('DESCRIPTION')?.value)];
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(description === undefined ? {} : { body: { type: 'text', content: description } }),
    fields,
  };
}

function zoneOf({ fields }: MessageContent): string {
  for (const name of ['StartTimeZone', 'MeetingTimeZone']) {
    const written = fields?.get(name);
    const element = written === undefined ? undefined : readElement(written);
    const id = element?.attributes.get('Id') ?? element?.attributes.get('TimeZoneName');
    if (id !== undefined && /^[\w .+()/-]+$/.test(id)) return id;
  }
  return 'UTC';
}

function people({ fields }: MessageContent, name: string): readonly string[] {
  const written = fields?.get(name);
  const address =
    written === undefined ? undefined : textOf(child(readElement(written), typesNs, 'Mailbox'), typesNs, 'EmailAddress');
  return address === undefined ? [] : [address];
}

function attendees({ fields }: MessageContent): readonly (readonly [role: string, address: string])[] {
  return [
    ['RequiredAttendees', 'REQ-PARTICIPANT'],
    ['OptionalAttendees', 'OPT-PARTICIPANT'],
  ].flatMap(([name = '', role = '']) => {
    const written = fields?.get(name);
    const list = written === undefined ? [] : childrenOf(readElement(written), typesNs, 'Attendee');
    return list.map((one) => [role, textOf(child(one, typesNs, 'Mailbox'), typesNs, 'EmailAddress') ?? ''] as const);
  });
}

/** `2026-11-30T09:00:00Z` as `20261130T090000Z`; a time without a zone is UTC here. */
function utcOf(text: string): string {
  const time = new Date(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? '19700101T000000Z' : time.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The other way round. Zones are not converted: the simulator knows none with a change of hours. */
function isoOf(value: string): string | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(value);
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = found;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

const escaped = (text: string): string => text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
const unescaped = (text: string | undefined): string | undefined =>
  text?.replace(/\\([\\;,nN])/g, (_, one: string) => (one.toLowerCase() === 'n' ? '\n' : one));
/** Lines of at most 75 characters. */
const folded = (line: string): string => line.replace(/.{73}(?=.)/gu, '$&\r\n ');
