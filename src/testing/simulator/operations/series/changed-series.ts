import type { MessageContent } from '../../store/item.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { instancesOf } from './occurrences.ts';

/** @throws ErrorCalendarInvalidRecurrence for a series that never happens. */
export function requireRecurrence(content: MessageContent): void {
  if (content.fields?.has('Recurrence') !== true) return;
  for (const _ of instancesOf(content)) return;
  throw new EwsItemError('ErrorCalendarInvalidRecurrence', 'The recurrence has no occurrence.');
}

/** What follows for an appointment when its times change: a series with another pattern is as new, and an item becomes one or ceases to be. */
export function asChanged(before: MessageContent, after: MessageContent): MessageContent {
  if (after.kind !== 'CalendarItem') return after;
  const same = (name: string): boolean => before.fields?.get(name) === after.fields?.get(name);
  if (['Start', 'End', 'Recurrence'].every(same)) return after;
  if (!same('Recurrence') && before.fields?.has('RecurrenceId') === true) {
    throw new EwsItemError('ErrorInvalidPropertySet', 'An occurrence has no recurrence of its own.');
  }
  requireRecurrence(after);
  const { occurrences: _, ...rest } = after;
  if (same('Recurrence')) return rest;
  const series = after.fields?.has('Recurrence') === true;
  const fields = new Map(after.fields);
  fields.set('CalendarItemType', `<t:CalendarItemType>${series ? 'RecurringMaster' : 'Single'}</t:CalendarItemType>`);
  fields.set('IsRecurring', `<t:IsRecurring>${series}</t:IsRecurring>`);
  return { ...rest, fields };
}
