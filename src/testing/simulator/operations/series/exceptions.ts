import type { StatedException } from '../../mime/parse-calendar.ts';
import type { MessageContent } from '../../store/item.ts';
import { withDefaults } from '../../store/item-defaults.ts';
import { type Instance, instancesOf, unchanged } from './occurrences.ts';

const twoDays = 2 * 86_400_000;

/** A series once iCalendar has said what becomes of single occurrences; what it says of times that are none of the series counts for nothing. */
export function withExceptions(content: MessageContent, stated: readonly StatedException[] = []): MessageContent {
  if (stated.length === 0 || content.kind !== 'CalendarItem') return content;
  const sayings = new Map<string, StatedException['is']>();
  // What is gone is gone, whatever else is said of it.
  for (const { original, is } of stated) if (sayings.get(original) !== 'deleted') sayings.set(original, is);
  const last = stated.reduce((latest, { original }) => Math.max(latest, Date.parse(original) || 0), 0) + twoDays;
  const occurrences = new Map<number, MessageContent | 'deleted'>();
  for (const instance of instancesOf(content)) {
    if (instance.start > last) break;
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

function exception(series: MessageContent, { start }: Instance, is: Exclude<StatedException['is'], 'deleted'>): MessageContent {
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
