import { windowsZones } from './windows-zones.ts';

/** ms by which the clocks of a zone are ahead of UTC at a moment. */
export type Offset = (time: number) => number;

const offsets = new Map<string, Offset>();

function offsetOf(zone: string): Offset {
  const known = offsets.get(zone) ?? measured(zone);
  offsets.set(zone, known);
  return known;
}

function measured(zone: string): Offset {
  const numbers = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  } as const;
  const format = new Intl.DateTimeFormat('en-US', { ...numbers, timeZone: zone, hourCycle: 'h23' });
  return (time) => {
    const parts = format.formatToParts(time);
    const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
    const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    return wall - Math.floor(time / 1000) * 1000;
  };
}

/** What the clocks of a zone show, as a moment: of an hour that there is twice, the first; one that there is not, an hour later. */
export function momentOf(wall: string, offset: Offset): string | undefined {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  const [before, after] = [asUtc - offset(asUtc - 86_400_000), asUtc - offset(asUtc + 86_400_000)];
  const isRight = (time: number): boolean => time + offset(time) === asUtc;
  const time = isRight(before) || !isRight(after) ? before : after;
  return new Date(time).toISOString().replace(/\.000Z$/, 'Z');
}

/** What the clocks of a zone show, and when they show it. */
export interface ZoneClocks {
  readonly offset: Offset;
  /** The moment, in ISO 8601, when they show that; undefined for what is no time. */
  moment(wall: string): string | undefined;
}

/** The clocks of a zone by its name of Windows or of IANA; undefined for one that nobody knows. */
export function zoneClocks(id: string): ZoneClocks | undefined {
  try {
    const offset = offsetOf(windowsZones().get(id)?.zone ?? id);
    return { offset, moment: (wall) => momentOf(wall, offset) };
  } catch {
    return undefined;
  }
}

/** A change of the clocks as it comes every year. */
export interface YearlyChange {
  /** ms ahead of UTC, before and after. */
  readonly from: number;
  readonly to: number;
  /** 1 for January. */
  readonly month: number;
  /** 0 for Sunday. */
  readonly weekday: number;
  /** Which of these weekdays of the month; -1 for the last. */
  readonly nth: number;
  /** ms after midnight, by the clocks before they change. */
  readonly time: number;
}

/** How the clocks of a zone change, by what they do in a year. */
export function changesIn(year: number, offset: Offset): readonly YearlyChange[] {
  const [day, quarter, end] = [86_400_000, 900_000, Date.UTC(year + 1, 0, 1)];
  const changes: YearlyChange[] = [];
  let from = offset(Date.UTC(year, 0, 1));
  for (let week = Date.UTC(year, 0, 1); week < end; week += 7 * day) {
    const to = offset(Math.min(week + 7 * day, end));
    if (from !== to) {
      let [low, high] = [week, week + 7 * day];
      while (high - low > quarter) {
        const middle = Math.floor((low + high) / 2 / quarter) * quarter;
        if (offset(middle) === from) low = middle;
        else high = middle;
      }
      changes.push({ from, to, ...yearly(new Date(high + from)) });
    }
    from = to;
  }
  return changes;
}

function yearly(wall: Date): Omit<YearlyChange, 'from' | 'to'> {
  const date = wall.getUTCDate();
  const days = new Date(Date.UTC(wall.getUTCFullYear(), wall.getUTCMonth() + 1, 0)).getUTCDate();
  return {
    month: wall.getUTCMonth() + 1,
    weekday: wall.getUTCDay(),
    nth: date + 7 > days ? -1 : Math.ceil(date / 7),
    time: wall.getTime() % 86_400_000,
  };
}
