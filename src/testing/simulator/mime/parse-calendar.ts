import { escapeText } from '../../../ews/xml/write.ts';
import { zoneClocks } from '../schema/time-zones.ts';
import type { MessageContent } from '../store/item.ts';
import { classes, responses, roles } from './calendar.ts';
import { recurrenceOf } from './recurrence.ts';

/** What iCalendar says of an appointment: its fields as EWS writes them, its subject and its text. */
export interface ParsedCalendar {
  readonly subject?: string;
  readonly body?: MessageContent['body'];
  readonly importance?: MessageContent['importance'];
  readonly sensitivity?: MessageContent['sensitivity'];
  readonly fields: ReadonlyMap<string, string>;
}

interface Line {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly value: string;
}

/** Reads the first event; undefined for what is no calendar. */
export function parseCalendar(text: string): ParsedCalendar | undefined {
  if (!/^\s*BEGIN:VCALENDAR/i.test(text)) return undefined;
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const [from, to] = [lines.indexOf('BEGIN:VEVENT'), lines.indexOf('END:VEVENT')];
  if (from === -1 || to < from) return undefined;
  const whole = lines.slice(from + 1, to);
  const [alarmFrom, alarmTo] = [whole.indexOf('BEGIN:VALARM'), whole.lastIndexOf('END:VALARM')];
  const event = (alarmFrom === -1 ? whole : [...whole.slice(0, alarmFrom), ...whole.slice(alarmTo + 1)]).flatMap(lineOf);
  const first = (name: string): Line | undefined => event.find((line) => line.name === name);
  const fields = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) fields.set(name, `<t:${name}>${escapeText(value)}</t:${name}>`);
  };
  const [start, end] = [first('DTSTART'), first('DTEND') ?? first('DTSTART')];
  set('Start', start && momentOf(start));
  set('End', end && momentOf(end));
  set('IsAllDayEvent', start && String(/^\d{8}$/.test(start.value)));
  set('Location', unescaped(first('LOCATION')?.value));
  set('UID', first('UID')?.value);
  const busy = first('X-MICROSOFT-CDO-BUSYSTATUS')?.value.toUpperCase();
  const free = first('TRANSP')?.value === 'TRANSPARENT' ? 'Free' : undefined;
  set('LegacyFreeBusyStatus', ['Free', 'Tentative', 'Busy', 'OOF'].find((one) => one.toUpperCase() === busy) ?? free);
  const zone = start?.parameters.get('TZID');
  if (zone !== undefined && zoneClocks(zone) !== undefined) {
    for (const name of ['StartTimeZone', 'EndTimeZone']) fields.set(name, `<t:${name} Id="${escapeText(zone)}"/>`);
  }
  const day = /^(\d{4})(\d\d)(\d\d)/.exec(start?.value ?? '');
  const [rule, deleted] = [first('RRULE'), event.filter(({ name }) => name === 'EXDATE')];
  const recurrence = rule && day && recurrenceOf(rule.value, day.slice(1).join('-'));
  if (recurrence !== undefined && recurrence !== null) fields.set('Recurrence', recurrence);
  const gone = deleted.flatMap((line) => line.value.split(',').flatMap((value) => momentOf({ ...line, value }) ?? []));
  const occurrences = gone.map((at) => `<t:DeletedOccurrence><t:Start>${at}</t:Start></t:DeletedOccurrence>`).join('');
  if (occurrences !== '') fields.set('DeletedOccurrences', `<t:DeletedOccurrences>${occurrences}</t:DeletedOccurrences>`);
  const categories = event.filter(({ name }) => name === 'CATEGORIES').flatMap(({ value }) => value.split(/(?<!\\),/));
  const strings = categories.map((one) => `<t:String>${escapeText(unescaped(one) ?? '')}</t:String>`).join('');
  if (strings !== '') fields.set('Categories', `<t:Categories>${strings}</t:Categories>`);
  if (alarmFrom !== -1) setAlarm(whole.slice(alarmFrom, alarmTo), set);
  else set('ReminderIsSet', 'false');
  setAttendees(event, fields);
  const [subject, description] = [unescaped(first('SUMMARY')?.value), unescaped(first('DESCRIPTION')?.value)];
  const sensitivity = classes.find(([, name]) => name === first('CLASS')?.value.toUpperCase())?.[0];
  const priority = Number(first('PRIORITY')?.value ?? '0');
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(description === undefined ? {} : { body: { type: 'text', content: description } }),
    ...(sensitivity === undefined ? {} : { sensitivity }),
    ...(priority < 1 ? {} : { importance: priority < 5 ? 'High' : priority > 5 ? 'Low' : 'Normal' }),
    fields,
  };
}

function lineOf(line: string): readonly Line[] {
  const found = /^([\w-]+)((?:;[\w-]+=(?:"[^"]*"|[^:;"]*))*):(.*)$/.exec(line);
  if (found === null) return [];
  const [, name = '', written = '', value = ''] = found;
  const each = [...written.matchAll(/;([\w-]+)=(?:"([^"]*)"|([^:;"]*))/g)];
  const parameters = new Map(each.map(([, key = '', quoted, bare]) => [key.toUpperCase(), quoted ?? bare ?? ''] as const));
  return [{ name: name.toUpperCase(), parameters, value }];
}

/** Minutes before the start, of the first alarm that says so. */
function setAlarm(lines: readonly string[], set: (name: string, value: string) => void): void {
  const trigger = lines.flatMap(lineOf).find(({ name }) => name === 'TRIGGER')?.value ?? '';
  const [, weeks = 0, days = 0, hours = 0, minutes = 0] =
    /^-?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?$/.exec(trigger) ?? [];
  set('ReminderIsSet', 'true');
  set('ReminderMinutesBeforeStart', String(((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes)));
}

function setAttendees(event: readonly Line[], fields: Map<string, string>): void {
  const all = event.filter(({ name }) => name === 'ATTENDEE');
  const roleIn = ({ parameters }: Line): string => {
    const known = roles.find(([, role]) => role === parameters.get('ROLE')?.toUpperCase());
    return parameters.get('CUTYPE') === 'RESOURCE' ? 'Resources' : (known?.[0] ?? 'RequiredAttendees');
  };
  for (const [role] of roles) {
    const written = all.filter((line) => roleIn(line) === role).map(attendeeOf);
    if (written.length > 0) fields.set(role, `<t:${role}>${written.join('')}</t:${role}>`);
  }
}

function attendeeOf({ parameters, value }: Line): string {
  const name = parameters.get('CN');
  const shown = name === undefined ? '' : `<t:Name>${escapeText(name)}</t:Name>`;
  const address = `<t:EmailAddress>${escapeText(value.replace(/^mailto:/i, ''))}</t:EmailAddress>`;
  const answer = responses.find(([, one]) => one === parameters.get('PARTSTAT')?.toUpperCase())?.[0];
  const response = answer === undefined ? '' : `<t:ResponseType>${answer}</t:ResponseType>`;
  return `<t:Attendee><t:Mailbox>${shown}${address}</t:Mailbox>${response}</t:Attendee>`;
}

/** The moment of a line: by the clocks of the zone that it names; a time that names none, or one that nobody knows, is UTC here. */
function momentOf({ value, parameters }: Line): string | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(value);
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', utc] = found;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const zone = utc === undefined ? parameters.get('TZID') : undefined;
  return (zone === undefined ? undefined : zoneClocks(zone)?.moment(wall)) ?? `${wall}Z`;
}

const unescaped = (text: string | undefined): string | undefined =>
  text?.replace(/\\([\\;,nN])/g, (_, one: string) => (one.toLowerCase() === 'n' ? '\n' : one));
