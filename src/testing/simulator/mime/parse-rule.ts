import { days, groups, indexes, months, numbers, shortDays } from './recurrence.ts';

/** A rule of iCalendar in the words of EWS, or why it has none. */
export type ReadRule = { readonly written: string } | { readonly refused: string };

class Refused extends Error {}

/** Of a rule that starts on a day, `2026-11-30`: its RRULE as `t:Recurrence`. What EWS can't say exactly is refused, never said roughly. */
export function readRule(rule: string, start: string | undefined): ReadRule {
  try {
    if (start === undefined) throw new Refused('The series has no day on which it starts.');
    return { written: written(rule, start) };
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message };
    throw error;
  }
}

/** Parts that are understood; hours and minutes are those of the start, and say nothing more. */
const known: ReadonlySet<string> = new Set(
  'FREQ INTERVAL COUNT UNTIL WKST BYDAY BYSETPOS BYMONTHDAY BYMONTH BYHOUR BYMINUTE BYSECOND'.split(' '),
);

function partsOf(rule: string): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const one of rule.split(';')) {
    if (one === '') continue;
    const [name = '', value = ''] = one.toUpperCase().split('=');
    if (!known.has(name)) throw new Refused(`EWS cannot express ${/^[A-Z-]{1,20}$/.test(name) ? name : 'a part'} of the RRULE.`);
    parts.set(name, value);
  }
  return parts;
}

function written(rule: string, start: string): string {
  const parts = partsOf(rule);
  const [year = 0, month = 0, dayOfMonth = 0] = start.split('-').map(Number);
  const whole = (name: string, otherwise: number, most: number): number => {
    const text = parts.get(name);
    if (text === undefined) return otherwise;
    if (!/^\d{1,10}$/.test(text) || Number(text) < 1 || Number(text) > most) {
      throw new Refused(`${name} of the RRULE goes from 1 to ${most} in EWS.`);
    }
    return Number(text);
  };
  const { list, index } = weekdaysOf(parts);
  const frequency = parts.get('FREQ') ?? '';
  const interval = whole('INTERVAL', 1, frequency === 'DAILY' ? 999 : 99);
  const inMonth = whole('BYMONTH', month, 12);
  const element = (name: string, text: string | number): string => `<t:${name}>${text}</t:${name}>`;
  const onDays = (codes: readonly string[]): string => element('DaysOfWeek', named(codes, index !== undefined));
  const requireNone = (...names: readonly string[]): void => {
    const odd = names.find((name) => parts.has(name));
    if (odd !== undefined) throw new Refused(`EWS cannot express ${odd} in an RRULE that is ${frequency}.`);
  };
  const monthly = (months: number): string => {
    if (months > 99) throw new Refused('EWS allows at most 99 months between two occurrences.');
    if (list.length === 0) {
      return element('AbsoluteMonthlyRecurrence', element('Interval', months) + element('DayOfMonth', dayOf(parts, dayOfMonth)));
    }
    if (index === undefined) throw new Refused('EWS cannot express every such weekday of a month.');
    requireNone('BYMONTHDAY');
    return element('RelativeMonthlyRecurrence', element('Interval', months) + onDays(list) + element('DayOfWeekIndex', index));
  };
  const pattern = ((): string => {
    switch (frequency) {
      case 'DAILY':
        requireNone('BYMONTHDAY', 'BYMONTH', 'BYSETPOS');
        if (list.length === 0) return element('DailyRecurrence', element('Interval', interval));
        if (interval > 1 || index !== undefined) throw new Refused('EWS cannot express some weekdays of every few days.');
        return element('WeeklyRecurrence', element('Interval', 1) + onDays(list));
      case 'WEEKLY': {
        requireNone('BYMONTHDAY', 'BYMONTH', 'BYSETPOS');
        if (index !== undefined) throw new Refused('A week has each weekday once.');
        const own = shortDays[new Date(Date.UTC(year, month - 1, dayOfMonth)).getUTCDay()] ?? 'SU';
        const begins = days[shortDays.indexOf(parts.get('WKST') ?? 'MO')];
        if (begins === undefined) throw new Refused('WKST of the RRULE is not a weekday.');
        const first = interval > 1 ? element('FirstDayOfWeek', begins) : '';
        return element('WeeklyRecurrence', element('Interval', interval) + onDays(list.length === 0 ? [own] : list) + first);
      }
      case 'MONTHLY':
        requireNone('BYMONTH');
        return monthly(interval);
      case 'YEARLY': {
        if (interval > 1) {
          if (inMonth !== month) throw new Refused('EWS cannot express another month of every few years.');
          return monthly(12 * interval);
        }
        const ofMonth = element('Month', months[inMonth - 1] ?? '');
        if (list.length === 0)
          return element('AbsoluteYearlyRecurrence', element('DayOfMonth', dayOf(parts, dayOfMonth)) + ofMonth);
        if (index === undefined) throw new Refused('EWS cannot express every such weekday of a year.');
        requireNone('BYMONTHDAY');
        return element('RelativeYearlyRecurrence', onDays(list) + element('DayOfWeekIndex', index) + ofMonth);
      }
      default:
        throw new Refused('FREQ of the RRULE is DAILY, WEEKLY, MONTHLY or YEARLY in EWS.');
    }
  })();
  const from = element('StartDate', start);
  if (parts.has('COUNT')) {
    return element(
      'Recurrence',
      pattern + element('NumberedRecurrence', from + element('NumberOfOccurrences', whole('COUNT', 1, 999))),
    );
  }
  if (!parts.has('UNTIL')) return element('Recurrence', pattern + element('NoEndRecurrence', from));
  const until = /^(\d{4})(\d\d)(\d\d)(?:T\d{6}Z?)?$/.exec(parts.get('UNTIL') ?? '');
  const end = until?.slice(1).join('-') ?? '';
  if (Number.isNaN(Date.parse(`${end}T00:00:00Z`))) throw new Refused('UNTIL of the RRULE is not a date.');
  return element('Recurrence', pattern + element('EndDateRecurrence', from + element('EndDate', end)));
}

/** BYDAY: weekdays without a number, or with the same one, which BYSETPOS may say for all of them. */
function weekdaysOf(parts: ReadonlyMap<string, string>): {
  readonly list: readonly string[];
  readonly index: string | undefined;
} {
  const each = (parts.get('BYDAY') ?? '').split(',').filter((one) => one !== '');
  const read = each.map((one) => /^([+-]?\d{1,2})?(SU|MO|TU|WE|TH|FR|SA)$/.exec(one) ?? []);
  const list = read.map(([, , code]) => code ?? '');
  if (list.includes('') || (parts.has('BYDAY') && list.length === 0))
    throw new Refused('BYDAY of the RRULE is not a list of weekdays.');
  const [nth] = new Set(read.map(([, number]) => number));
  const numbered = read.filter(([, number]) => number !== undefined);
  // The first Monday and the first Tuesday are two days of a month, the first of Monday and Tuesday is one.
  if (numbered.length > 0 && list.length > 1) throw new Refused('EWS cannot express several numbered weekdays.');
  const position = nth ?? (list.length > 0 ? parts.get('BYSETPOS') : undefined);
  if (position === undefined) return { list, index: undefined };
  if (nth !== undefined && parts.has('BYSETPOS')) throw new Refused('EWS cannot express BYSETPOS beside a numbered weekday.');
  const index = indexes[numbers.indexOf(Number(position))];
  if (index === undefined) throw new Refused('EWS knows the first to the fourth and the last such day of a month, and no other.');
  return { list, index };
}

/**
 * BYMONTHDAY: one day, or the last. In a month that is too short EWS takes the last one, where iCalendar would leave the month out; what iCalendar writes to say the
 * same, `28,29,30` and BYSETPOS=-1, is understood.
 */
function dayOf(parts: ReadonlyMap<string, string>, otherwise: number): number {
  const text = parts.get('BYMONTHDAY');
  const position = parts.get('BYSETPOS');
  if (text === undefined && position === undefined) return otherwise;
  if (text === '-1' && (position === undefined || Math.abs(Number(position)) === 1)) return 31;
  const list = (text ?? '').split(',').map((one) => (/^\+?\d{1,2}$/.test(one) ? Number(one) : 0));
  const last = Math.max(...list);
  if (list.some((one) => one < 1 || one > 31))
    throw new Refused('BYMONTHDAY of the RRULE is a day from 1 to 31, or -1 for the last.');
  const lastOfThem =
    position === '-1' && list.length === last - 27 && list.every((one) => one >= 28) && new Set(list).size === list.length;
  if (lastOfThem || (list.length === 1 && position === undefined)) return last;
  throw new Refused('EWS cannot express several days of a month.');
}

function named(codes: readonly string[], together: boolean): string {
  const sorted = (list: readonly string[]): string => [...new Set(list)].sort().join();
  const group = Object.entries(groups).find(([, all]) => sorted(all.split(',')) === sorted(codes));
  if (together && group !== undefined) return group[0];
  return [...new Set(codes)].map((code) => days[shortDays.indexOf(code)] ?? '').join(' ');
}
