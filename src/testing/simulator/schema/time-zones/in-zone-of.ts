import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import type { ZoneClocks } from './clocks.ts';
import { clocksOf } from './definition.ts';

const bare = /^\s*\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\s*$/;

/**
 * The request with the times that name no zone in UTC, as `t:TimeZoneContext` of its header means them. Without one they are UTC; a zone that is
 * unknown has no clocks, and undefined comes back.
 */
export function inZoneOf(
  header: XmlElement | undefined,
  request: XmlElement,
  isTime: (element: XmlElement) => boolean,
): XmlElement | undefined {
  const definition = child(child(header, typesNs, 'TimeZoneContext'), typesNs, 'TimeZoneDefinition');
  // What clients ask about free and busy may have a zone of its own.
  if (request.name === 'GetUserAvailabilityRequest' && child(request, typesNs, 'TimeZone') !== undefined) return request;
  if (definition === undefined) return mentionsZone(request) ? byOwnZones(request) : request;
  const clocks = clocksOf(definition);
  if (clocks === undefined) return undefined;
  const moment = (text: string): string => momentBy(clocks, text);
  const convert = (element: XmlElement): XmlElement => {
    const { name, attributes, children } = element;
    const timed = name === 'CalendarView' || name === 'Constant';
    return {
      ...element,
      attributes: timed ? new Map([...attributes].map(([key, value]) => [key, moment(value)])) : attributes,
      children: children.map(convert),
      text: isTime(element) ? moment(element.text) : element.text,
    };
  };
  return convert(request);
}

const momentBy = (clocks: ZoneClocks, text: string): string => (bare.test(text) ? (clocks.moment(text.trim()) ?? text) : text);

const mentionsZone = ({ name, children }: XmlElement): boolean =>
  name === 'StartTimeZone' || name === 'MeetingTimeZone' || children.some(mentionsZone);

/** Of an appointment that names a zone itself, in a request that names none, the start and the end are times of that zone. */
function byOwnZones(element: XmlElement): XmlElement {
  if (element.name !== 'CalendarItem') return { ...element, children: element.children.map(byOwnZones) };
  const zone = (name: string): XmlElement | undefined => child(element, typesNs, name);
  const start = zone('StartTimeZone') ?? zone('MeetingTimeZone');
  const end = zone('EndTimeZone') ?? start;
  const timed = (one: XmlElement, named: XmlElement | undefined): XmlElement => {
    const clocks = named && clocksOf(named);
    return clocks === undefined ? one : { ...one, text: momentBy(clocks, one.text) };
  };
  const children = element.children.map((one) =>
    one.name === 'Start' ? timed(one, start) : one.name === 'End' ? timed(one, end) : one,
  );
  return { ...element, children };
}
