import { typesNs } from '../../../ews/xml/namespaces.ts';
import { textOf } from '../../../ews/xml/read.ts';
import { readElement } from '../xml/written-element.ts';

export const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
export const shortDays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
export const groups: Readonly<Record<string, string>> = {
  Day: 'SU,MO,TU,WE,TH,FR,SA',
  Weekday: 'MO,TU,WE,TH,FR',
  WeekendDay: 'SU,SA',
};
export const months = 'January February March April May June July August September October November December'.split(' ');
export const indexes = ['First', 'Second', 'Third', 'Fourth', 'Last'];
export const numbers = [1, 2, 3, 4, -1];

/** `t:Recurrence` as the value of an RRULE of iCalendar; undefined for what is none. `until` makes the last moment of a last day. */
export function ruleOf(written: string, until: (lastDay: string) => string): string | undefined {
  const recurrence = readElement(written);
  const pattern = recurrence.children.find(({ name }) => /Recurrence$/.test(name) && frequency(name) !== undefined);
  const range = recurrence.children.find(({ name }) => /^(?:NoEnd|EndDate|Numbered)Recurrence$/.test(name));
  if (pattern === undefined) return undefined;
  const text = (name: string): string | undefined => textOf(pattern, typesNs, name);
  const parts = [`FREQ=${frequency(pattern.name)}`];
  const count = textOf(range, typesNs, 'NumberOfOccurrences');
  const end = textOf(range, typesNs, 'EndDate');
  if (count !== undefined) parts.push(`COUNT=${count}`);
  if (end !== undefined) parts.push(`UNTIL=${until(end.slice(0, 10))}`);
  parts.push(`INTERVAL=${text('Interval') ?? '1'}`);
  const index = text('DayOfWeekIndex');
  const named = (text('DaysOfWeek') ?? '').split(/\s+/).filter((day) => day !== '');
  const list = named.flatMap((day) => groups[day] ?? shortDays[days.indexOf(day)] ?? []).join(',');
  const nth = index === undefined ? undefined : numbers[indexes.indexOf(index)];
  if (list !== '') parts.push(nth !== undefined && !list.includes(',') ? `BYDAY=${nth}${list}` : `BYDAY=${list}`);
  if (nth !== undefined && list.includes(',')) parts.push(`BYSETPOS=${nth}`);
  const day = text('DayOfMonth');
  // The last day is what the 31st means to EWS; [MS-OXCICAL] 2.1.3.2.2.3 has no words for what the 29th and 30th mean in a shorter month.
  if (day !== undefined) parts.push(`BYMONTHDAY=${day === '31' ? '-1' : day}`);
  const month = text('Month');
  if (month !== undefined) parts.push(`BYMONTH=${months.indexOf(month) + 1}`);
  if (frequency(pattern.name) === 'WEEKLY') parts.push(`WKST=${shortDays[days.indexOf(text('FirstDayOfWeek') ?? 'Sunday')]}`);
  return parts.join(';');
}

function frequency(pattern: string): string | undefined {
  if (/^Daily/.test(pattern)) return 'DAILY';
  if (/^Weekly/.test(pattern)) return 'WEEKLY';
  return /Monthly/.test(pattern) ? 'MONTHLY' : /Yearly/.test(pattern) ? 'YEARLY' : undefined;
}
