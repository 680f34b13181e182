import { escapeText } from '../../../ews/xml/write.ts';
import { zoneClocks } from '../schema/time-zones/clocks.ts';
import { clocksOf } from '../schema/time-zones/definition.ts';
import type { StatedEvent, StatedException } from '../store/series/exceptions.ts';
import { readElement } from '../xml/written-element.ts';
import { classes, responses, roles } from './calendar.ts';
import { readRule } from './parse-rule.ts';
import { describedZones } from './parse-time-zone.ts';

/** What iCalendar says of an appointment. */
export interface ParsedCalendar extends StatedEvent {
  /** Of a series: what it says of single occurrences. */
  readonly exceptions?: readonly StatedException[];
  /** Why its rule can't be followed, in a sentence. */
  readonly refused?: string;
}

interface Line {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly value: string;
  /** Of a time in a zone that the calendar itself describes: the inside of `t:StartTimeZone`. */
  readonly zone?: string;
}

/** Reads an event, with the exceptions where it is a series; undefined for what is no calendar. */
export function parseCalendar(text: string): ParsedCalendar | undefined {
  if (!/^\s*BEGIN:VCALENDAR/i.test(text)) return undefined;
  const lines = text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/);
  const events = eventsIn(lines);
  const originalOf = ({ event }: Event): Line | undefined => event.find(({ name }) => name === 'RECURRENCE-ID');
  const main = events.find((one) => originalOf(one) === undefined) ?? events[0];
  if (main === undefined) return undefined;
  const idOf = ({ event }: Event): string | undefined => event.find(({ name }) => name === 'UID')?.value;
  const exceptions = events.flatMap((one): readonly StatedException[] => {
    const line = one === main || idOf(one) !== idOf(main) ? undefined : originalOf(one);
    const original = line && originalIn(line);
    if (original === undefined) return [];
    const cancelled = one.event.some(({ name, value }) => name === 'STATUS' && value.toUpperCase() === 'CANCELLED');
    return [{ original, is: cancelled ? 'deleted' : readEvent(one) }];
  });
  const gone = main.event.flatMap((line) =>
    line.name === 'EXDATE' ? line.value.split(',').flatMap((value) => originalIn({ ...line, value }) ?? []) : [],
  );
  const all = [...exceptions, ...gone.map((original) => ({ original, is: 'deleted' as const }))];
  const read = readEvent(main);
  const lacking = saidAndNotDone(events.filter((one) => one === main || idOf(one) === idOf(main)));
  if (lacking !== undefined) return { ...read, refused: lacking };
  const rule = main.event.find(({ name }) => name === 'RRULE')?.value;
  const day = /^(\d{4})(\d\d)(\d\d)/.exec(main.event.find(({ name }) => name === 'DTSTART')?.value ?? '');
  const series = rule === undefined ? undefined : readRule(rule, day?.slice(1).join('-'));
  if (series === undefined) return all.length === 0 ? read : { ...read, exceptions: all };
  if ('refused' in series) return { ...read, refused: series.refused };
  const fields = new Map(read.fields).set('Recurrence', series.written);
  return { ...read, fields, ...(all.length === 0 ? {} : { exceptions: all }) };
}

/** What iCalendar says of recurrence beyond one rule with its exceptions: nothing of it has words in EWS. */
function saidAndNotDone(events: readonly Event[]): string | undefined {
  const lines = events.flatMap(({ event }) => event);
  const extra = lines.find(({ name }) => name === 'RDATE' || name === 'EXRULE');
  if (extra !== undefined) return `A recurrence with ${extra.name} is not simulated.`;
  if (events.some(({ event }) => event.filter(({ name }) => name === 'RRULE').length > 1)) {
    return 'A recurrence with more than one RRULE is not simulated.';
  }
  const ranged = lines.some(({ name, parameters }) => name === 'RECURRENCE-ID' && parameters.has('RANGE'));
  return ranged ? 'A RECURRENCE-ID with RANGE is not simulated.' : undefined;
}

/** The lines of an event, and of its alarms. */
interface Event {
  readonly event: readonly Line[];
  readonly alarms?: readonly string[];
}

function eventsIn(lines: readonly string[]): readonly Event[] {
  const events: Event[] = [];
  const zones = describedZones(lines);
  // A name that everybody knows means more than its description, which has the rules of one year.
  const timed = (line: Line): Line => {
    const id = line.parameters.get('TZID') ?? '';
    const zone = zones.get(id);
    return zone === undefined || zoneClocks(id) !== undefined ? line : { ...line, zone };
  };
  for (let from = lines.indexOf('BEGIN:VEVENT'); from !== -1; from = lines.indexOf('BEGIN:VEVENT', from + 1)) {
    const to = lines.indexOf('END:VEVENT', from);
    if (to === -1) break;
    const whole = lines.slice(from + 1, to);
    const [alarmFrom, alarmTo] = [whole.indexOf('BEGIN:VALARM'), whole.lastIndexOf('END:VALARM')];
    if (alarmFrom === -1) events.push({ event: whole.flatMap(lineOf).map(timed) });
    else {
      const event = [...whole.slice(0, alarmFrom), ...whole.slice(alarmTo + 1)].flatMap(lineOf).map(timed);
      events.push({ event, alarms: whole.slice(alarmFrom, alarmTo) });
    }
  }
  return events;
}

function originalIn(line: Line): string | undefined {
  const day = /^(\d{4})(\d\d)(\d\d)$/.exec(line.value);
  return day === null ? momentOf(line) : day.slice(1).join('-');
}

function readEvent({ event, alarms }: Event): StatedEvent {
  const first = (name: string): Line | undefined => event.find((line) => line.name === name);
  const fields = new Map<string, string>();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) fields.set(name, `<t:${name}>${escapeText(value)}</t:${name}>`);
  };
  const start = first('DTSTART');
  set('Start', start && momentOf(start));
  set('End', endOf(start, first('DTEND'), first('DURATION')));
  set('IsAllDayEvent', start && String(/^\d{8}$/.test(start.value)));
  set('Location', unescaped(first('LOCATION')?.value));
  set('UID', first('UID')?.value);
  const busy = first('X-MICROSOFT-CDO-BUSYSTATUS')?.value.toUpperCase();
  const free = first('TRANSP')?.value === 'TRANSPARENT' ? 'Free' : undefined;
  set('LegacyFreeBusyStatus', ['Free', 'Tentative', 'Busy', 'OOF'].find((one) => one.toUpperCase() === busy) ?? free);
  const zone = start?.parameters.get('TZID');
  for (const name of ['StartTimeZone', 'EndTimeZone']) {
    if (start?.zone !== undefined) fields.set(name, `<t:${name} ${start.zone}</t:${name}>`);
    else if (zone !== undefined && zoneClocks(zone) !== undefined) fields.set(name, `<t:${name} Id="${escapeText(zone)}"/>`);
  }
  const categories = event.filter(({ name }) => name === 'CATEGORIES').flatMap(({ value }) => value.split(/(?<!\\),/));
  const strings = categories.map((one) => `<t:String>${escapeText(unescaped(one) ?? '')}</t:String>`).join('');
  if (strings !== '') fields.set('Categories', `<t:Categories>${strings}</t:Categories>`);
  if (alarms === undefined) set('ReminderIsSet', 'false');
  else setAlarm(alarms, set);
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
  set('ReminderIsSet', 'true');
  set('ReminderMinutesBeforeStart', String(minutesIn(trigger)));
}

/** Minutes of a duration such as `-P1DT15M`, whatever its sign; 0 for what is none. */
function minutesIn(duration: string): number {
  const [, weeks = 0, days = 0, hours = 0, minutes = 0] =
    /^[+-]?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:\d+S)?)?$/.exec(duration) ?? [];
  return ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 60 + Number(minutes);
}

/** A day without an end lasts a day, a time without one no time. */
function endOf(start: Line | undefined, end: Line | undefined, duration: Line | undefined): string | undefined {
  const at = start && momentOf(start);
  if (end !== undefined) return momentOf(end);
  if (at === undefined) return undefined;
  const minutes = duration === undefined ? (/^\d{8}$/.test(start?.value ?? '') ? 1440 : 0) : minutesIn(duration.value);
  const ends = new Date(Date.parse(at) + minutes * 60_000);
  return Number.isNaN(ends.getTime()) ? at : ends.toISOString().replace(/\.\d+Z$/, 'Z');
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
function momentOf({ value, parameters, zone: described }: Line): string | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(value);
  if (found === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', utc] = found;
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const id = utc === undefined ? parameters.get('TZID') : undefined;
  if (id === undefined) return `${wall}Z`;
  const clocks = described === undefined ? zoneClocks(id) : clocksOf(readElement(`<t:x ${described}</t:x>`));
  return clocks?.moment(wall) ?? `${wall}Z`;
}

const unescaped = (text: string | undefined): string | undefined =>
  text?.replace(/\\([\\;,nN])/g, (_, one: string) => (one.toLowerCase() === 'n' ? '\n' : one));
