import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { textOf, type XmlElement } from '../../../../ews/xml/read.ts';

const day = 86_400_000;
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = 'January February March April May June July August September October November December'.split(' ');
const indexes = ['First', 'Second', 'Third', 'Fourth', 'Last'];
/** How far a series is followed, whenever it ends: nobody looks further, and each of its days is a day to count. */
const longest = 100 * 366 * day;
/** The first day that no calendar of Exchange reaches. */
const beyond = Date.UTC(4500, 8, 1);

/** When a series happens: its days as midnights in UTC, whatever its zone. */
export interface Recurrence {
  /** Days in order; ends with the series. */
  days(): Iterable<number>;
  readonly endless: boolean;
}

/** Why nothing can follow a `t:Recurrence`, as Exchange refuses it; undefined where something can. */
export function problemOf(element: XmlElement): { readonly code: string; readonly text: string } | undefined {
  const invalid = (text: string) => ({ code: 'ErrorCalendarInvalidRecurrence', text });
  const [pattern, range] = element.children;
  if (pattern === undefined || range === undefined) return invalid('The recurrence lacks its pattern or its range.');
  for (const name of ['StartDate', 'EndDate']) {
    if ((dayOf(range, name) ?? 0) < beyond) continue;
    return { code: 'ErrorCalendarOutOfRange', text: `The ${name} of the recurrence lies beyond the 31st of August 4500.` };
  }
  const most = pattern.name === 'DailyRecurrence' ? 999 : 99;
  const within = (text: string | undefined, last: number): boolean =>
    text === undefined || (/^\s*\d{1,4}\s*$/.test(text) && Number(text) >= 1 && Number(text) <= last);
  if (!within(textOf(pattern, typesNs, 'Interval'), most))
    return invalid(`The interval of a ${pattern.name} goes from 1 to ${most}.`);
  if (!within(textOf(range, typesNs, 'NumberOfOccurrences'), 999)) return invalid('A series has from 1 to 999 occurrences.');
  for (const _ of readRecurrence(element)?.days() ?? []) return undefined;
  return invalid('The recurrence has no occurrence.');
}

/** Reads `t:Recurrence`; undefined for one that no series can follow. */
export function readRecurrence(element: XmlElement): Recurrence | undefined {
  const [pattern, range] = element.children;
  const first = dayOf(range, 'StartDate');
  if (pattern === undefined || range === undefined || first === undefined) return undefined;
  const candidates = patternOf(pattern, first);
  const end = range.name === 'EndDateRecurrence' ? dayOf(range, 'EndDate') : first + longest;
  const count = range.name === 'NumberedRecurrence' ? Number(textOf(range, typesNs, 'NumberOfOccurrences')) : undefined;
  if (candidates === undefined || end === undefined || end < first) return undefined;
  const last = Math.min(end, first + longest);
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= 999)) return undefined;
  return {
    endless: range.name === 'NoEndRecurrence' || end > last,
    *days() {
      let left = count ?? Number.POSITIVE_INFINITY;
      for (const at of candidates()) {
        if (at > last || left <= 0) return;
        if (at < first) continue;
        left -= 1;
        yield at;
      }
    },
  };
}

function dayOf(range: XmlElement | undefined, name: string): number | undefined {
  const [date] = /^\s*\d{4}-\d\d-\d\d/.exec(textOf(range, typesNs, name) ?? '') ?? [];
  const time = Date.parse(`${date?.trim()}T00:00:00Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** Every day that fits, from the period of the first on, for as long as a series is followed at least. */
function patternOf(pattern: XmlElement, first: number): (() => Iterable<number>) | undefined {
  const number = (name: string): number => Number(textOf(pattern, typesNs, name) ?? '1');
  const [interval, dayOfMonth] = [number('Interval'), number('DayOfMonth')];
  const yearly = pattern.name.endsWith('YearlyRecurrence');
  const month = yearly ? months.indexOf(textOf(pattern, typesNs, 'Month') ?? '') : new Date(first).getUTCMonth();
  const index = indexes.indexOf(textOf(pattern, typesNs, 'DayOfWeekIndex') ?? 'First');
  const meant = daysIn(textOf(pattern, typesNs, 'DaysOfWeek') ?? '');
  if (!(interval >= 1) || !(dayOfMonth >= 1 && dayOfMonth <= 31) || month === -1 || index === -1) return undefined;
  const monthly = (dayIn: (days: readonly number[]) => number | undefined) =>
    function* (): Iterable<number> {
      const year = new Date(first).getUTCFullYear();
      for (let at = month; Date.UTC(year, at) <= first + longest; at += yearly ? 12 : interval) {
        const found = dayIn(daysOfMonth(year, at));
        if (found !== undefined) yield found;
      }
    };
  switch (pattern.name) {
    case 'DailyRecurrence':
      return function* () {
        for (let at = first; ; at += interval * day) yield at;
      };
    case 'WeeklyRecurrence': {
      const begins = weekdays.indexOf(textOf(pattern, typesNs, 'FirstDayOfWeek') ?? 'Sunday');
      if (meant.size === 0 || begins === -1) return undefined;
      const week = first - ((new Date(first).getUTCDay() - begins + 7) % 7) * day;
      return function* () {
        for (let at = week; ; at += interval * 7 * day) {
          for (let n = 0; n < 7; n++) if (meant.has((begins + n) % 7)) yield at + n * day;
        }
      };
    }
    case 'AbsoluteMonthlyRecurrence':
    case 'AbsoluteYearlyRecurrence':
      return monthly((days) => days[Math.min(dayOfMonth, days.length) - 1]);
    case 'RelativeMonthlyRecurrence':
    case 'RelativeYearlyRecurrence':
      if (meant.size === 0) return undefined;
      return monthly((days) => days.filter((at) => meant.has(new Date(at).getUTCDay())).at(index === 4 ? -1 : index));
    default:
      return undefined;
  }
}

/** Days of a month; months beyond December are those of later years. */
function daysOfMonth(year: number, month: number): readonly number[] {
  const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Array.from({ length: count }, (_, n) => Date.UTC(year, month, n + 1));
}

/** Weekdays by number, 0 for Sunday: names, or a set of them that has a name. */
function daysIn(text: string): ReadonlySet<number> {
  const sets: Readonly<Record<string, readonly number[]>> = {
    Day: [0, 1, 2, 3, 4, 5, 6],
    Weekday: [1, 2, 3, 4, 5],
    WeekendDay: [0, 6],
  };
  const names = text.split(/\s+/).filter((name) => name !== '');
  return new Set(names.flatMap((name) => sets[name] ?? [weekdays.indexOf(name)]).filter((at) => at !== -1));
}
