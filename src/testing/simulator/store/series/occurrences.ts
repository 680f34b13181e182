import { zoneClocks } from '../../schema/time-zones/clocks.ts';
import { clocksOf } from '../../schema/time-zones/definition.ts';
import { readElement } from '../../xml/written-element.ts';
import { type MessageContent, SimulatedItem } from '../item.ts';
import { readRecurrence } from './recurrence.ts';

/** One time of a series: its place in it, and when it was to be. */
export interface Instance {
  /** 1 for the first. */
  readonly index: number;
  readonly start: number;
  /** Its day by the clocks of the series, `2026-11-30`. */
  readonly day: string;
}

/** Whether an item is a series: what was changed in single occurrences lies in its content. */
export function isSeries(item: SimulatedItem): boolean {
  return item.kind === 'CalendarItem' && item.series === undefined && item.content.fields?.has('Recurrence') === true;
}

/** A day of a series before anybody asked by which clocks: counting days is cheap, asking the clocks of a zone is not. */
interface Place {
  readonly index: number;
  /** Its midnight, as if in UTC: at most a day and a half from when it happens. */
  readonly midnight: number;
}
const day = 86_400_000;
const nearly = 2 * day;

interface Series {
  /** Without an end, or with one that lies further than a series is followed. */
  readonly endless: boolean;
  /** Every place that the pattern gives, deleted ones too, in order. */
  places(): Iterable<Place>;
  when(place: Place): Instance;
}

function seriesIn({ fields }: MessageContent): Series | undefined {
  const recurrence = fields?.get('Recurrence');
  const start = timeIn(fields, 'Start');
  const read = recurrence === undefined ? undefined : readRecurrence(readElement(recurrence));
  if (read === undefined || Number.isNaN(start)) return undefined;
  const zone = fields?.get('StartTimeZone') ?? fields?.get('MeetingTimeZone');
  const clocks = (zone === undefined ? undefined : clocksOf(readElement(zone))) ?? zoneClocks('UTC');
  if (clocks === undefined) return undefined;
  const timeOfDay = (((start + clocks.offset(start)) % day) + day) % day;
  return {
    endless: read.endless,
    *places() {
      let index = 0;
      for (const midnight of read.days()) {
        index += 1;
        yield { index, midnight };
      }
    },
    when({ index, midnight }) {
      const wall = new Date(midnight + timeOfDay).toISOString().slice(0, 19);
      return { index, start: Date.parse(clocks.moment(wall) ?? `${wall}Z`), day: wall.slice(0, 10) };
    },
  };
}

/** The times of a series, deleted ones too, in order, that lie within two days of one of these moments. */
export function* instancesNear(content: MessageContent, moments: readonly number[]): Iterable<Instance> {
  const series = seriesIn(content);
  const days = new Set<number>();
  for (const moment of moments) {
    for (let at = Math.floor(moment / day) - 2, n = 0; n < 5; n++) days.add(at + n);
  }
  const last = moments.reduce((latest, one) => Math.max(latest, one), Number.NEGATIVE_INFINITY) + nearly;
  for (const place of series?.places() ?? []) {
    if (place.midnight > last) return;
    if (series !== undefined && days.has(place.midnight / day)) yield series.when(place);
  }
}

/** The occurrences of a series that are something else than it, or gone, in order. */
export function* exceptionsOf(content: MessageContent): Iterable<readonly [Instance, MessageContent | 'deleted']> {
  let left = content.occurrences?.size ?? 0;
  const series = left === 0 ? undefined : seriesIn(content);
  if (series === undefined) return;
  for (const place of series.places()) {
    const own = content.occurrences?.get(place.index);
    if (own === undefined) continue;
    yield [series.when(place), own];
    left -= 1;
    if (left === 0) return;
  }
}

/** The occurrence with that place in a series. */
export function occurrenceOf(master: SimulatedItem, index: number): SimulatedItem | 'deleted' | 'none' {
  const series = seriesIn(master.content);
  for (const place of series?.places() ?? []) {
    if (series !== undefined && place.index === index) return asItem(master, series.when(place)) ?? 'deleted';
  }
  return 'none';
}

/** The occurrence that was to be at that moment; undefined when it was deleted, or there is none. */
export function occurrenceAt(master: SimulatedItem, original: number): SimulatedItem | undefined {
  for (const instance of instancesNear(master.content, [original])) {
    if (instance.start === original) return asItem(master, instance);
  }
  return undefined;
}

/** A series as the occurrences that lie between two moments; any other item as itself. */
export function expanded(items: readonly SimulatedItem[], from: number, to: number): readonly SimulatedItem[] {
  return items.flatMap((item) => {
    if (!isSeries(item)) return [item];
    const { fields, occurrences } = item.content;
    const series = seriesIn(item.content);
    const length = timeIn(fields, 'End') - timeIn(fields, 'Start');
    let lastChanged = 0;
    for (const index of occurrences?.keys() ?? []) lastChanged = Math.max(lastChanged, index);
    const found: SimulatedItem[] = [];
    for (const place of series?.places() ?? []) {
      const changed = occurrences?.has(place.index) === true;
      if (place.midnight >= to + nearly && place.index > lastChanged) break;
      if (series === undefined || (!changed && (place.midnight >= to + nearly || place.midnight + length + nearly <= from)))
        continue;
      const instance = series.when(place);
      if (!changed && (instance.start >= to || instance.start + length <= from)) continue;
      const occurrence = asItem(item, instance);
      if (occurrence !== undefined) found.push(occurrence);
    }
    return found;
  });
}

function asItem(master: SimulatedItem, { index, start }: Instance): SimulatedItem | undefined {
  const own = master.content.occurrences?.get(index);
  if (own === 'deleted') return undefined;
  const place = { ...master, id: `${master.id}O${index}`, receivedAt: undefined };
  const { receivedAt: _, ...at } = place;
  return new SimulatedItem({ ...at, series: { master: master.id, index } }, own ?? unchanged(master.content, start));
}

/** What an occurrence of a series is, as long as it is no exception. */
export function unchanged(content: MessageContent, start: number): MessageContent {
  const { occurrences: _, mime: __, ...rest } = content;
  const fields = new Map(content.fields);
  const length = timeIn(content.fields, 'End') - timeIn(content.fields, 'Start');
  fields.delete('Recurrence');
  const put = (name: string, value: string): void => void fields.set(name, `<t:${name}>${value}</t:${name}>`);
  put('Start', seconds(start));
  put('End', seconds(start + (Number.isNaN(length) ? 0 : length)));
  put('OriginalStart', seconds(start));
  put('RecurrenceId', seconds(start));
  put('IsRecurring', 'true');
  put('CalendarItemType', 'Occurrence');
  return { ...rest, fields };
}

/** The series once an occurrence of it says something else, or is gone. */
function withOccurrence(master: SimulatedItem, index: number, next: MessageContent | 'deleted'): MessageContent {
  const occurrences = new Map(master.content.occurrences);
  if (next === 'deleted') occurrences.set(index, next);
  else {
    const fields = new Map(next.fields).set('CalendarItemType', '<t:CalendarItemType>Exception</t:CalendarItemType>');
    occurrences.set(index, { ...next, fields });
  }
  return { ...master.content, occurrences };
}

/** What a series says of its occurrences: the first and the last, those changed, those deleted. */
export function ofSeries(item: SimulatedItem, what: 'FirstOccurrence' | 'LastOccurrence' | 'Modified' | 'Deleted'): string {
  if (!isSeries(item)) return '';
  switch (what) {
    case 'FirstOccurrence':
    case 'LastOccurrence': {
      const series = seriesIn(item.content);
      if (what === 'LastOccurrence' && series?.endless !== false) return '';
      let found: Place | undefined;
      for (const place of series?.places() ?? []) {
        if (item.content.occurrences?.get(place.index) === 'deleted') continue;
        found = place;
        if (what === 'FirstOccurrence') break;
      }
      return series === undefined || found === undefined ? '' : info(what, item, series.when(found));
    }
    case 'Modified':
    case 'Deleted': {
      const deleted = what === 'Deleted';
      let inner = '';
      for (const [one, own] of exceptionsOf(item.content)) {
        if ((own === 'deleted') !== deleted) continue;
        const start = `<t:Start>${seconds(one.start)}</t:Start>`;
        inner += deleted ? `<t:DeletedOccurrence>${start}</t:DeletedOccurrence>` : info('Occurrence', item, one);
      }
      return inner === '' ? '' : `<t:${what}Occurrences>${inner}</t:${what}Occurrences>`;
    }
  }
}

function info(element: string, master: SimulatedItem, instance: Instance): string {
  const item = asItem(master, instance);
  if (item === undefined) return '';
  const { fields } = item.content;
  const id = `<t:ItemId Id="${item.id}" ChangeKey="${item.changeKey}"/>`;
  const times = `${fields?.get('Start') ?? ''}${fields?.get('End') ?? ''}<t:OriginalStart>${seconds(instance.start)}</t:OriginalStart>`;
  return `<t:${element}>${id}${times}</t:${element}>`;
}

function timeIn(fields: MessageContent['fields'], name: string): number {
  const written = fields?.get(name);
  return written === undefined ? Number.NaN : Date.parse(readElement(written).text);
}

const seconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** Whoever keeps items. */
interface Keeper {
  update(item: SimulatedItem, next: { readonly content: MessageContent }): SimulatedItem;
}

/** An occurrence is changed, or deleted, in the item of its series; returns what it is then. */
export function updateOccurrence(
  mailbox: Keeper,
  { items }: { readonly items: { get(id: string): SimulatedItem | undefined } },
  occurrence: SimulatedItem,
  next: MessageContent | 'deleted',
): SimulatedItem {
  const { master: id = '', index = 0 } = occurrence.series ?? {};
  const master = items.get(id);
  if (master === undefined) return occurrence;
  const changed = mailbox.update(master, { content: withOccurrence(master, index, next) });
  const after = occurrenceOf(changed, index);
  return typeof after === 'string' ? occurrence : after;
}
