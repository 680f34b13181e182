import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf } from '../../../ews/xml/read.ts';
import { changesIn, type ZoneClocks } from '../schema/time-zones/clocks.ts';
import { clocksOf } from '../schema/time-zones/definition.ts';
import type { MessageContent } from '../store/item.ts';
import { exceptionsOf } from '../store/series/occurrences.ts';
import { readElement, textsOf } from '../xml/written-element.ts';
import { ruleOf } from './recurrence.ts';

/** Roles of attendees, and what they answered, in both languages. */
export const roles = [
  ['RequiredAttendees', 'REQ-PARTICIPANT'],
  ['OptionalAttendees', 'OPT-PARTICIPANT'],
  ['Resources', 'NON-PARTICIPANT'],
] as const;
export const responses: readonly (readonly [ews: string, iCalendar: string])[] = [
  ['Accept', 'ACCEPTED'],
  ['Decline', 'DECLINED'],
  ['Tentative', 'TENTATIVE'],
  ['Organizer', 'ACCEPTED'],
];
export const classes: readonly (readonly [MessageContent['sensitivity'], string])[] = [
  ['Normal', 'PUBLIC'],
  ['Personal', 'X-PERSONAL'],
  ['Private', 'PRIVATE'],
  ['Confidential', 'CONFIDENTIAL'],
];

/**
 * An appointment as iCalendar (RFC 5545), which is what Exchange gives as its MIME: text, not bytes. Of a series, with the occurrences that are gone
 * as EXDATE and an event for each that was changed; one occurrence by itself has its RECURRENCE-ID.
 */
export function composeCalendar(content: MessageContent, stamp: Date): string {
  const written = content.fields?.get('StartTimeZone') ?? content.fields?.get('MeetingTimeZone');
  const element = written === undefined ? undefined : readElement(written);
  const named = element?.attributes.get('Id') ?? element?.attributes.get('TimeZoneName') ?? '';
  const clocks = element === undefined || named === 'UTC' ? undefined : clocksOf(element);
  const zone = clocks === undefined ? 'UTC' : /^[\w .+()/-]+$/.test(named) ? named : 'Customized Time Zone';
  const start = fieldOf(content, 'Start');
  const clock: Clock = { zone, clocks, stamp };
  const exceptions = [...exceptionsOf(content)].map(([{ start: at }, own]) => [new Date(at).toISOString(), own] as const);
  const deleted = exceptions.flatMap(([at, own]) => (own === 'deleted' ? [at] : []));
  const lines = [
    ...['BEGIN:VCALENDAR', 'METHOD:PUBLISH', 'PRODID:-//offline-im//simulator//EN', 'VERSION:2.0'],
    ...zoneLines(zone, clocks, new Date(start ?? stamp).getUTCFullYear()),
    ...eventLines(content, clock, deleted),
    ...exceptions.flatMap(([, own]) => (own === 'deleted' ? [] : eventLines(own, clock, [], content))),
    ...['END:VCALENDAR', ''],
  ];
  return lines.map(folded).join('\r\n');
}

interface Clock {
  readonly zone: string;
  readonly clocks: ZoneClocks | undefined;
  readonly stamp: Date;
}

function fieldOf({ fields }: MessageContent, name: string): string | undefined {
  const written = fields?.get(name);
  return written === undefined ? undefined : textsOf(written)[0];
}

const isAllDay = (content: MessageContent): boolean => fieldOf(content, 'IsAllDayEvent') === 'true';

/** One event; an exception is one of its series. */
function eventLines(
  content: MessageContent,
  { zone, clocks, stamp }: Clock,
  deleted: readonly string[],
  series: MessageContent = content,
): readonly string[] {
  const { fields } = content;
  const field = (name: string): string | undefined => fieldOf(content, name);
  const allDay = isAllDay(content);
  const time = (name: string, text: string | undefined, asDay = allDay): string => {
    const local = localOf(text ?? '', clocks);
    if (asDay) return `${name};VALUE=DATE:${local.slice(0, 8)}`;
    return clocks === undefined ? `${name}:${local}Z` : `${name};TZID=${zone}:${local}`;
  };
  const optional = (name: string, text: string | undefined): string[] => (text === undefined ? [] : [`${name}:${escaped(text)}`]);
  const start = field('Start');
  const written = fields?.get('Recurrence');
  const lastDay = (day: string): string => {
    if (allDay) return day.replaceAll('-', '');
    const clock = localOf(start ?? '', clocks)
      .slice(9)
      .replace(/(..)(..)(..)/, '$1:$2:$3');
    return utcOf(clocks?.moment(`${day}T${clock}`) ?? `${day}T${clock}Z`);
  };
  const rule = written === undefined ? undefined : ruleOf(written, lastDay);
  const original = written === undefined ? field('RecurrenceId') : undefined;
  const type = rule !== undefined ? 1 : original === undefined ? 0 : field('CalendarItemType') === 'Exception' ? 3 : 2;
  const busy = (field('LegacyFreeBusyStatus') ?? 'Busy').toUpperCase();
  return [
    'BEGIN:VEVENT',
    ...organizer(content),
    ...attendees(content),
    ...(content.body.content === '' ? [] : [`DESCRIPTION:${escaped(content.body.content)}`]),
    ...(rule === undefined ? [] : [`RRULE:${rule}`]),
    ...deleted.map((one) => time('EXDATE', one)),
    ...(original === undefined ? [] : [time('RECURRENCE-ID', original, isAllDay(series))]),
    `SUMMARY:${escaped(content.subject)}`,
    time('DTSTART', start),
    time('DTEND', field('End')),
    `UID:${field('UID') ?? series.internetMessageId}`,
    `CLASS:${classes.find(([ews]) => ews === content.sensitivity)?.[1] ?? 'PUBLIC'}`,
    `PRIORITY:${{ High: 1, Normal: 5, Low: 9 }[content.importance]}`,
    `DTSTAMP:${utcOf(stamp.toISOString())}`,
    `TRANSP:${busy === 'FREE' ? 'TRANSPARENT' : 'OPAQUE'}`,
    `STATUS:${field('IsCancelled') === 'true' ? 'CANCELLED' : busy === 'TENTATIVE' ? 'TENTATIVE' : 'CONFIRMED'}`,
    `SEQUENCE:${field('AppointmentSequenceNumber') ?? '0'}`,
    ...optional('LOCATION', field('Location')),
    ...categories(content),
    `X-MICROSOFT-CDO-APPT-SEQUENCE:${field('AppointmentSequenceNumber') ?? '0'}`,
    `X-MICROSOFT-CDO-BUSYSTATUS:${busy}`,
    `X-MICROSOFT-CDO-INTENDEDSTATUS:${busy}`,
    `X-MICROSOFT-CDO-ALLDAYEVENT:${allDay ? 'TRUE' : 'FALSE'}`,
    `X-MICROSOFT-CDO-IMPORTANCE:${{ Low: 0, Normal: 1, High: 2 }[content.importance]}`,
    `X-MICROSOFT-CDO-INSTTYPE:${type}`,
    ...alarm(field('ReminderIsSet') ?? 'true', field('ReminderMinutesBeforeStart') ?? '15'),
    'END:VEVENT',
  ];
}

function alarm(isSet: string, minutes: string): readonly string[] {
  if (isSet !== 'true') return [];
  const trigger = `TRIGGER;RELATED=START:-PT${minutes}M`;
  return ['BEGIN:VALARM', 'ACTION:DISPLAY', 'DESCRIPTION:REMINDER', trigger, 'END:VALARM'];
}

/** A zone, with the rules that its clocks follow in that year. */
function zoneLines(zone: string, clocks: ZoneClocks | undefined, year: number): readonly string[] {
  const at = clocks?.offset(Date.UTC(year, 0, 1)) ?? 0;
  const changes = clocks === undefined ? [] : changesIn(year, clocks.offset);
  const part = (kind: string, time: string, from: number, to: number, rule: readonly string[]): readonly string[] => [
    ...[`BEGIN:${kind}`, `DTSTART:16010101T${time}`, `TZOFFSETFROM:${hours(from)}`, `TZOFFSETTO:${hours(to)}`],
    ...[...rule, `END:${kind}`],
  ];
  const parts = changes.flatMap(({ from, to, month, weekday, nth, time }) => {
    const day = `${nth}${['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'][weekday]}`;
    const rule = `RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=${day};BYMONTH=${month}`;
    const clock = new Date(time).toISOString().slice(11, 19).replaceAll(':', '');
    return part(to > from ? 'DAYLIGHT' : 'STANDARD', clock, from, to, [rule]);
  });
  const lines = parts.length === 0 ? part('STANDARD', '000000', at, at, []) : parts;
  return ['BEGIN:VTIMEZONE', `TZID:${zone}`, ...lines, 'END:VTIMEZONE'];
}

function hours(offset: number): string {
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

function organizer({ fields }: MessageContent): readonly string[] {
  const written = fields?.get('Organizer');
  const mailbox = written === undefined ? undefined : child(readElement(written), typesNs, 'Mailbox');
  const address = textOf(mailbox, typesNs, 'EmailAddress');
  return address === undefined ? [] : [`ORGANIZER;CN=${quoted(textOf(mailbox, typesNs, 'Name') ?? address)}:MAILTO:${address}`];
}

function attendees({ fields }: MessageContent): readonly string[] {
  const wanted = textsOf(fields?.get('IsResponseRequested') ?? '<t:x>true</t:x>')[0] === 'true';
  return roles.flatMap(([name, role]) => {
    const written = fields?.get(name);
    const list = written === undefined ? [] : childrenOf(readElement(written), typesNs, 'Attendee');
    return list.flatMap((one) => {
      const mailbox = child(one, typesNs, 'Mailbox');
      const address = textOf(mailbox, typesNs, 'EmailAddress');
      if (address === undefined) return [];
      const answer = responses.find(([ews]) => ews === textOf(one, typesNs, 'ResponseType'))?.[1] ?? 'NEEDS-ACTION';
      const type = name === 'Resources' ? ';CUTYPE=RESOURCE' : '';
      const display = quoted(textOf(mailbox, typesNs, 'Name') ?? address);
      return [
        `ATTENDEE${type};ROLE=${role};PARTSTAT=${answer};RSVP=${wanted ? 'TRUE' : 'FALSE'};CN=${display}:MAILTO:${address}`,
      ];
    });
  });
}

function categories({ fields }: MessageContent): readonly string[] {
  const written = fields?.get('Categories');
  const list = written === undefined ? [] : textsOf(written).filter((text) => text !== '');
  return list.length === 0 ? [] : [`CATEGORIES:${list.map(escaped).join(',')}`];
}

/** `2026-11-30T09:00:00Z` as the clocks show it, `20261130T100000`; a time without a zone is UTC here. */
function localOf(text: string, clocks: ZoneClocks | undefined): string {
  const time = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (Number.isNaN(time)) return '19700101T000000';
  return utcOf(new Date(time + (clocks?.offset(time) ?? 0)).toISOString()).replace(/Z$/, '');
}

const utcOf = (text: string): string => text.replace(/[-:]|\.\d+/g, '');
const escaped = (text: string): string => text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
/** The value of a parameter, which can hold no quotes. */
const quoted = (text: string): string => `"${text.replace(/["\r\n]/g, "'")}"`;
/** Lines of at most 75 characters. */
const folded = (line: string): string => line.replace(/.{73}(?=.)/gu, '$&\r\n ');
