import { escapeAttribute } from '../../../ews/xml/write.ts';

const weekdays: Readonly<Record<string, string>> = {
  ...{ SU: 'Sunday', MO: 'Monday', TU: 'Tuesday', WE: 'Wednesday', TH: 'Thursday', FR: 'Friday', SA: 'Saturday' },
};

/** The zones that iCalendar describes (VTIMEZONE), by TZID, as the inside of `t:StartTimeZone`: by the newest of their rules. */
export function describedZones(lines: readonly string[]): ReadonlyMap<string, string> {
  const zones = new Map<string, string>();
  for (let from = lines.indexOf('BEGIN:VTIMEZONE'); from !== -1; from = lines.indexOf('BEGIN:VTIMEZONE', from + 1)) {
    const to = lines.indexOf('END:VTIMEZONE', from);
    if (to === -1) break;
    const zone = lines.slice(from, to);
    const id = zone.map((line) => /^TZID(?:;[^:]*)?:(.*)$/.exec(line)?.[1]).find((one) => one !== undefined);
    const parts = [partOf(zone, 'STANDARD'), partOf(zone, 'DAYLIGHT')].flatMap((one) => one ?? []);
    if (id === undefined || parts.length === 0) continue;
    const changing = parts.length === 2 && parts.every(({ rule }) => rule !== undefined);
    const held = changing ? parts : parts.slice(0, 1);
    const target = (kind: string): string => `<t:To Kind="Period">${kind}</t:To>`;
    const transitions = held.map(({ kind, rule }) =>
      changing && rule !== undefined
        ? `<t:RecurringDayTransition>${target(kind)}${rule}</t:RecurringDayTransition>`
        : `<t:Transition>${target(kind)}</t:Transition>`,
    );
    const periods = held.map(({ kind, bias }) => `<t:Period Bias="${bias}" Name="${kind}" Id="${kind}"/>`);
    zones.set(
      id,
      `Id="${escapeAttribute(id)}"><t:Periods>${periods.join('')}</t:Periods>` +
        `<t:TransitionsGroups><t:TransitionsGroup Id="0">${transitions.join('')}</t:TransitionsGroup></t:TransitionsGroups>` +
        '<t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions>',
    );
  }
  return zones;
}

interface Part {
  readonly kind: 'Standard' | 'Daylight';
  readonly bias: string;
  readonly rule: string | undefined;
}

function partOf(zone: readonly string[], name: 'STANDARD' | 'DAYLIGHT'): Part | undefined {
  let newest: { readonly start: string; readonly part: Part } | undefined;
  for (let from = zone.indexOf(`BEGIN:${name}`); from !== -1; from = zone.indexOf(`BEGIN:${name}`, from + 1)) {
    const lines = zone.slice(from, zone.indexOf(`END:${name}`, from));
    const value = (key: string): string =>
      lines.find((line) => line.startsWith(`${key}:`) || line.startsWith(`${key};`))?.replace(/^[^:]*:/, '') ?? '';
    const start = value('DTSTART');
    const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)/.exec(value('TZOFFSETTO')) ?? [];
    if (sign === undefined || (newest !== undefined && newest.start > start)) continue;
    const bias = `${sign === '+' ? '-' : ''}PT${Number(hours)}H${Number(minutes)}M`;
    newest = { start, part: { kind: name === 'STANDARD' ? 'Standard' : 'Daylight', bias, rule: ruleOf(value('RRULE'), start) } };
  }
  return newest?.part;
}

function ruleOf(rule: string, start: string): string | undefined {
  const [, nth, day = ''] = /\bBYDAY=([+-]?\d)([A-Z]{2})\b/.exec(rule) ?? [];
  const [, month] = /\bBYMONTH=(\d+)\b/.exec(rule) ?? [];
  const [, hours, minutes] = /T(\d\d)(\d\d)/.exec(start) ?? [];
  const weekday = weekdays[day];
  if (nth === undefined || month === undefined || hours === undefined || weekday === undefined) return undefined;
  return (
    `<t:TimeOffset>PT${Number(hours)}H${Number(minutes)}M</t:TimeOffset><t:Month>${Number(month)}</t:Month>` +
    `<t:DayOfWeek>${weekday}</t:DayOfWeek><t:Occurrence>${Number(nth)}</t:Occurrence>`
  );
}
