import { EwsItemError } from '../../xml/ews-errors.ts';
import { readElement } from '../../xml/written-element.ts';
import type { MessageContent } from '../item.ts';
import { problemOf } from './recurrence.ts';

/** @throws ErrorCalendarInvalidRecurrence for a series that never happens, ErrorCalendarOutOfRange for one that Exchange has no years for. */
export function requireRecurrence(content: MessageContent): void {
  const written = content.fields?.get('Recurrence');
  const problem = written === undefined ? undefined : problemOf(readElement(written));
  if (problem !== undefined) throw new EwsItemError(problem.code, problem.text);
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
