import { typesNs } from '../../../ews/xml/namespaces.ts';
import { textOf } from '../../../ews/xml/read.ts';
import { readElement } from '../xml/written-element.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const shortDays = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const groups: Readonly<Record<string, string>> = { Day: 'SU,MO,TU,WE,TH,FR,SA', Weekday: 'MO,TU,WE,TH,FR', WeekendDay: 'SU,SA' };
const months = 'January February March April May June July August September October November December'.split(' ');
const indexes = ['First', 'Second', 'Third', 'Fourth', 'Last'];
const numbers = [1, 2, 3, 4, -1];

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
  // Of a month that is too short, the last day is meant.
  if (day !== undefined) parts.push(`BYMONTHDAY=${day}`);
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

/** The value of an RRULE as `t:Recurrence`; undefined for one that EWS has no words for. `start` is the first day, `2026-11-30`. */
export function recurrenceOf(rule: string, start: string): string | undefined {
  const part = new Map(rule.split(';').map((one) => one.toUpperCase().split('=') as [string, string]));
  const [year, month, dayOfMonth] = start.split('-').map(Number);
  if (year === undefined || month === undefined || dayOfMonth === undefined) return undefined;
  const weekday = shortDays[new Date(Date.UTC(year, month - 1, dayOfMonth)).getUTCDay()] ?? 'SU';
  const interval = `<t:Interval>${Number(part.get('INTERVAL') ?? '1')}</t:Interval>`;
  const [, nth, list = ''] = /^([+-]?\d)?([A-Z,]+)$/.exec(part.get('BYDAY') ?? '') ?? [];
  const index = indexes[numbers.indexOf(Number(nth ?? part.get('BYSETPOS')))];
  const named = (codes: string): string => {
    const group = Object.entries(groups).find(
      ([, all]) => [...all.split(',')].sort().join() === [...codes.split(',')].sort().join(),
    );
    if (index !== undefined && group !== undefined) return group[0];
    return codes
      .split(',')
      .map((code) => days[shortDays.indexOf(code)] ?? '')
      .join(' ');
  };
  const onDays = (codes: string): string => `<t:DaysOfWeek>${named(codes)}</t:DaysOfWeek>`;
  const onIndex = `<t:DayOfWeekIndex>${index ?? ''}</t:DayOfWeekIndex>`;
  const onDay = `<t:DayOfMonth>${part.get('BYMONTHDAY') ?? dayOfMonth}</t:DayOfMonth>`;
  const inMonth = `<t:Month>${months[Number(part.get('BYMONTH') ?? month) - 1] ?? ''}</t:Month>`;
  const pattern = ((): readonly [string, string] | undefined => {
    switch (part.get('FREQ')) {
      case 'DAILY':
        return list === '' ? ['DailyRecurrence', interval] : ['WeeklyRecurrence', interval + onDays(list)];
      case 'WEEKLY':
        return ['WeeklyRecurrence', interval + onDays(list === '' ? weekday : list)];
      case 'MONTHLY':
        if (list === '') return ['AbsoluteMonthlyRecurrence', interval + onDay];
        return index === undefined ? undefined : ['RelativeMonthlyRecurrence', interval + onDays(list) + onIndex];
      case 'YEARLY':
        if (list === '') return ['AbsoluteYearlyRecurrence', onDay + inMonth];
        return index === undefined ? undefined : ['RelativeYearlyRecurrence', onDays(list) + onIndex + inMonth];
      default:
        return undefined;
    }
  })();
  if (pattern === undefined) return undefined;
  const from = `<t:StartDate>${start}</t:StartDate>`;
  const [count, until] = [part.get('COUNT'), /^(\d{4})(\d\d)(\d\d)/.exec(part.get('UNTIL') ?? '')];
  const range =
    count !== undefined
      ? `<t:NumberedRecurrence>${from}<t:NumberOfOccurrences>${Number(count)}</t:NumberOfOccurrences></t:NumberedRecurrence>`
      : until !== null
        ? `<t:EndDateRecurrence>${from}<t:EndDate>${until[1]}-${until[2]}-${until[3]}</t:EndDate></t:EndDateRecurrence>`
        : `<t:NoEndRecurrence>${from}</t:NoEndRecurrence>`;
  return `<t:Recurrence><t:${pattern[0]}>${pattern[1]}</t:${pattern[0]}>${range}</t:Recurrence>`;
}
