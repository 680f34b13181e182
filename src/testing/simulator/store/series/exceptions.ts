import type { MessageContent } from '../item.ts';
import { withDefaults } from '../seeding/item-defaults.ts';
import { type Instance, instancesNear, unchanged } from './occurrences.ts';

/** What iCalendar says of an event: its fields as EWS writes them, its subject and its text. */
export interface StatedEvent {
  readonly subject?: string;
  readonly body?: MessageContent['body'];
  readonly importance?: MessageContent['importance'];
  readonly sensitivity?: MessageContent['sensitivity'];
  readonly fields: ReadonlyMap<string, string>;
}

/** An occurrence that is gone, or is something else than its series. */
export interface StatedException {
  /** When it was to start, `2026-11-30T09:00:00Z`; the day alone, `2026-11-30`, where no hour is named. */
  readonly original: string;
  readonly is: 'deleted' | StatedEvent;
}

/** A series once iCalendar has said what becomes of single occurrences; what it says of times that are none of the series counts for nothing. */
export function withExceptions(content: MessageContent, stated: readonly StatedException[] = []): MessageContent {
  if (stated.length === 0 || content.kind !== 'CalendarItem') return content;
  const sayings = new Map<string, StatedException['is']>();
  // What is gone is gone, whatever else is said of it.
  for (const { original, is } of stated) if (sayings.get(original) !== 'deleted') sayings.set(original, is);
  const moments = stated.map(({ original }) => Date.parse(original)).filter((moment) => !Number.isNaN(moment));
  const occurrences = new Map<number, MessageContent | 'deleted'>();
  for (const instance of instancesNear(content, moments)) {
    const at = new Date(instance.start).toISOString().replace(/\.\d+Z$/, 'Z');
    const is = sayings.get(at) ?? sayings.get(instance.day);
    if (is !== undefined) occurrences.set(instance.index, is === 'deleted' ? is : exception(content, instance, is));
  }
  return occurrences.size === 0 ? content : { ...content, occurrences };
}

/** What an event leaves out, the appointment does not have: it stands for the whole of it (RFC 5545, 3.8.4.4). */
const wholly = (
  'Location Categories RequiredAttendees OptionalAttendees Resources LegacyFreeBusyStatus ReminderIsSet ReminderMinutesBeforeStart ' +
  'IsAllDayEvent Recurrence'
).split(' ');

/** The elements of an appointment once iCalendar has said what it is. */
export function withStated(before: MessageContent['fields'], stated: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const fields = new Map(before);
  for (const name of wholly) fields.delete(name);
  for (const [name, written] of stated) fields.set(name, written);
  return withDefaults('CalendarItem', fields);
}

function exception(series: MessageContent, { start }: Instance, is: StatedEvent): MessageContent {
  const { fields: inherited, ...rest } = unchanged(series, start);
  const fields = new Map(withStated(inherited, is.fields));
  fields.delete('Recurrence');
  fields.set('CalendarItemType', '<t:CalendarItemType>Exception</t:CalendarItemType>');
  return {
    ...rest,
    subject: is.subject ?? '',
    body: is.body ?? { type: 'text', content: '' },
    importance: is.importance ?? 'Normal',
    sensitivity: is.sensitivity ?? 'Normal',
    fields,
  };
}

/** The same done to a series and to each of its exceptions. */
export function throughout(content: MessageContent, change: (one: MessageContent) => MessageContent): MessageContent {
  const { occurrences } = content;
  if (occurrences === undefined) return change(content);
  const each = [...occurrences].map(([index, one]) => [index, one === 'deleted' ? one : change(one)] as const);
  return { ...change(content), occurrences: new Map(each) };
}
