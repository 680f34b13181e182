import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeAttribute } from '../../../../ews/xml/write.ts';
import { changesIn, momentOf, type Offset, type YearlyChange, type ZoneClocks, zoneClocks } from './clocks.ts';
import { windowsZones } from './windows-zones.ts';

const months = 'January February March April May June July August September October November December'.split(' ');
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** A zone of Windows as `t:TimeZoneDefinition`, with the changes of its clocks that are valid in a year; not `full`, its id and name alone. */
export function writeZone(id: string, year: number, full: boolean): string {
  const key = `${id} ${year} ${full}`;
  const known = written.get(key) ?? definitionOf(id, year, full);
  written.set(key, known);
  return known;
}

const written = new Map<string, string>();

function definitionOf(id: string, year: number, full: boolean): string {
  const offset = zoneClocks(id)?.offset ?? (() => 0);
  const all = changesIn(year, offset);
  // A zone has two changes or none: of one that gives them up, what it has in the end.
  const changes = all.length === 2 ? all : [];
  const standard = changes.length === 0 ? offset(Date.UTC(year, 11, 31)) : Math.min(...changes.map(({ to }) => to));
  const name = id === 'UTC' ? '(UTC) ' : `(UTC${signed(standard)}) `;
  const shown = `${name}${windowsZones().get(id)?.places ?? id}`;
  const open = `<t:TimeZoneDefinition Id="${escapeAttribute(id)}" Name="${escapeAttribute(shown)}"`;
  if (!full) return `${open}/>`;
  const kindOf = (at: number): string => (at === standard ? 'Standard' : 'Daylight');
  const idOf = (at: number): string => escapeAttribute(`trule:Microsoft/Registry/${id}/${year}-${kindOf(at)}`);
  const offsets = changes.length === 0 ? [standard] : [standard, Math.max(...changes.map(({ to }) => to))];
  const periods = offsets.map((at) => `<t:Period Bias="${duration(-at)}" Name="${kindOf(at)}" Id="${idOf(at)}"/>`);
  const target = (at: number): string => `<t:To Kind="Period">${idOf(at)}</t:To>`;
  const recurring = changes.map(
    ({ to, month, weekday, nth, time }) =>
      `<t:RecurringDayTransition>${target(to)}<t:TimeOffset>${duration(time)}</t:TimeOffset><t:Month>${month}</t:Month>` +
      `<t:DayOfWeek>${weekdays[weekday]}</t:DayOfWeek><t:Occurrence>${nth}</t:Occurrence></t:RecurringDayTransition>`,
  );
  const group = recurring.length === 0 ? `<t:Transition>${target(standard)}</t:Transition>` : recurring.join('');
  return (
    `${open}><t:Periods>${periods.join('')}</t:Periods>` +
    `<t:TransitionsGroups><t:TransitionsGroup Id="0">${group}</t:TransitionsGroup></t:TransitionsGroups>` +
    '<t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:TimeZoneDefinition>'
  );
}

/** `+05:30` */
function signed(offset: number): string {
  const minutes = Math.abs(offset) / 60_000;
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function duration(ms: number): string {
  const minutes = Math.abs(ms) / 60_000;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (minutes === 0) return 'PT0S';
  return `${ms < 0 ? '-' : ''}PT${hours > 0 ? `${hours}H` : ''}${rest > 0 ? `${rest}M` : ''}`;
}

function msOf(text: string | undefined): number {
  const [whole, sign, days = 0, hours = 0, minutes = 0, seconds = 0] =
    /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text?.trim() ?? '') ?? [];
  if (whole === undefined) return Number.NaN;
  const ms = (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === undefined ? ms : -ms;
}

/**
 * The clocks of the zone that an element such as `t:TimeZoneDefinition` or `t:StartTimeZone` means: by its name, else as it describes them. Undefined
 * for a name that nobody knows without a description that can be followed.
 */
export function clocksOf(element: XmlElement): ZoneClocks | undefined {
  const name = element.attributes.get('Id') ?? element.attributes.get('TimeZoneName');
  const offset = (name === undefined ? undefined : zoneClocks(name)?.offset) ?? described(element) ?? describedIn2007(element);
  return offset && { offset, moment: (wall) => momentOf(wall, offset) };
}

/** No clocks are a day ahead of UTC, or behind: NaN for what says so. */
const sane = (offset: number): number => (Math.abs(offset) <= 86_400_000 ? offset : Number.NaN);

/** One change of a description; without a rule, what holds all year. */
interface Rule {
  readonly to: number;
  readonly change?: Pick<YearlyChange, 'month' | 'time'> &
    ({ readonly weekday: number; readonly nth: number } | { readonly day: number });
}

function described(definition: XmlElement): Offset | undefined {
  const periods = childrenOf(child(definition, typesNs, 'Periods'), typesNs, 'Period');
  const biases = new Map(
    periods.map(({ attributes }) => [attributes.get('Id') ?? '', sane(-msOf(attributes.get('Bias')))] as const),
  );
  const [first] = biases.values();
  if (first === undefined || [...biases.values()].some(Number.isNaN)) return undefined;
  const groups = new Map<string, readonly Rule[]>();
  for (const group of childrenOf(child(definition, typesNs, 'TransitionsGroups'), typesNs, 'TransitionsGroup')) {
    groups.set(
      group.attributes.get('Id') ?? '',
      group.children.flatMap((one) => ruleOf(one, biases)),
    );
  }
  const eras = (child(definition, typesNs, 'Transitions')?.children ?? []).flatMap((one) => {
    const rules = groups.get(textOf(one, typesNs, 'To') ?? '');
    const date = textOf(one, typesNs, 'DateTime');
    const from = date === undefined ? Number.NEGATIVE_INFINITY : Date.parse(/T[\d:.]+$/.test(date) ? `${date}Z` : date);
    return rules === undefined || rules.length === 0 || Number.isNaN(from) ? [] : [{ from, rules }];
  });
  eras.sort((one, other) => one.from - other.from);
  // Without transitions, one period alone says what holds.
  if (eras.length === 0) return biases.size === 1 ? () => first : undefined;
  return (time) => byRules((eras.findLast(({ from }) => from <= time + first) ?? eras[0])?.rules ?? [], time) ?? first;
}

function ruleOf(transition: XmlElement, biases: ReadonlyMap<string, number>): readonly Rule[] {
  const to = biases.get(textOf(transition, typesNs, 'To') ?? '');
  const number = (name: string): number => Number(textOf(transition, typesNs, name));
  if (to === undefined) return [];
  const [month, time] = [number('Month'), msOf(textOf(transition, typesNs, 'TimeOffset'))];
  switch (transition.name) {
    case 'Transition':
      return [{ to }];
    case 'RecurringDayTransition': {
      const weekday = weekdays.indexOf(textOf(transition, typesNs, 'DayOfWeek') ?? '');
      const change = { month, time, weekday, nth: number('Occurrence') };
      return weekday === -1 || !Object.values(change).every(Number.isFinite) ? [] : [{ to, change }];
    }
    case 'RecurringDateTransition': {
      const change = { month, time, day: number('Day') };
      return Object.values(change).every(Number.isFinite) ? [{ to, change }] : [];
    }
    default:
      return [];
  }
}

/** What holds at a moment: what the last change before it has brought. */
function byRules(rules: readonly Rule[], time: number): number | undefined {
  const year = new Date(time).getUTCFullYear();
  const changes = [year - 1, year, year + 1]
    .flatMap((one) => rules.flatMap(({ to, change }) => (change === undefined ? [] : [{ to, wall: wallOf(one, change) }])))
    .sort((one, other) => one.wall - other.wall);
  let held = changes.at(-1)?.to;
  for (const { to, wall } of changes) {
    // The hour of a change is one of the clocks before it.
    if (wall - (held ?? to) > time) break;
    held = to;
  }
  return held ?? rules[0]?.to;
}

function wallOf(year: number, change: NonNullable<Rule['change']>): number {
  if ('day' in change) return Date.UTC(year, change.month - 1, change.day) + change.time;
  const days = new Date(Date.UTC(year, change.month, 0)).getUTCDate();
  const first = new Date(Date.UTC(year, change.month - 1, 1)).getUTCDay();
  const one = 1 + ((change.weekday - first + 7) % 7);
  const last = one + 7 * Math.floor((days - one) / 7);
  const date = change.nth < 1 ? last : Math.min(one + 7 * (change.nth - 1), last);
  return Date.UTC(year, change.month - 1, date) + change.time;
}

const numbers: Readonly<Record<string, number>> = { First: 1, Second: 2, Third: 3, Fourth: 4, Last: -1 };

/** `t:MeetingTimeZone`, which is how clients of Exchange 2007 describe a zone. */
function describedIn2007(zone: XmlElement): Offset | undefined {
  const base = sane(msOf(textOf(zone, typesNs, 'BaseOffset')));
  if (Number.isNaN(base)) return undefined;
  const rules = [child(zone, typesNs, 'Standard'), child(zone, typesNs, 'Daylight')].flatMap((part): readonly Rule[] => {
    const pattern = child(part, typesNs, 'RelativeYearlyRecurrence');
    const to = sane(-(base + msOf(textOf(part, typesNs, 'Offset'))));
    const weekday = weekdays.indexOf(textOf(pattern, typesNs, 'DaysOfWeek') ?? '');
    const month = months.indexOf(textOf(pattern, typesNs, 'Month') ?? '') + 1;
    const nth = numbers[textOf(pattern, typesNs, 'DayOfWeekIndex') ?? ''];
    const time = Date.parse(`1970-01-01T${textOf(part, typesNs, 'Time')}Z`);
    const known = weekday !== -1 && month > 0 && nth !== undefined && !Number.isNaN(time + to);
    return known ? [{ to, change: { month, weekday, nth, time } }] : [];
  });
  return (time) => byRules(rules, time) ?? -base;
}

/** The clocks of the `t:TimeZone` of GetUserAvailability: minutes by which UTC is ahead, and by how many more at which time of the year. */
export function clocksOfAvailability(zone: XmlElement): ZoneClocks {
  const number = (element: XmlElement | undefined, name: string): number => Number(textOf(element, typesNs, name) ?? 'NaN');
  const bias = sane(number(zone, 'Bias') * 60_000) / 60_000 || 0;
  const rules = [child(zone, typesNs, 'StandardTime'), child(zone, typesNs, 'DaylightTime')].flatMap((part): readonly Rule[] => {
    const to = sane(-(bias + number(part, 'Bias')) * 60_000);
    const [month, nth] = [number(part, 'Month'), number(part, 'DayOrder')];
    const weekday = weekdays.indexOf(textOf(part, typesNs, 'DayOfWeek') ?? '');
    const time = Date.parse(`1970-01-01T${textOf(part, typesNs, 'Time')}Z`);
    // Without a month it has no change.
    const known = weekday !== -1 && month >= 1 && nth >= 1 && !Number.isNaN(time + to);
    return known ? [{ to, change: { month, weekday, nth, time } }] : [];
  });
  const offset: Offset = (time) => byRules(rules.length === 2 ? rules : [], time) ?? -bias * 60_000;
  return { offset, moment: (wall) => momentOf(wall, offset) };
}
