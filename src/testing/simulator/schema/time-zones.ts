import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../ews/xml/read.ts';

/** The names of Windows, and the zones of the platform that they are: the territory 001 of windowsZones in Unicode's CLDR. */
const windows = `
AUS Central Standard Time|Australia/Darwin
AUS Eastern Standard Time|Australia/Sydney
Afghanistan Standard Time|Asia/Kabul
Alaskan Standard Time|America/Anchorage
Aleutian Standard Time|America/Adak
Altai Standard Time|Asia/Barnaul
Arab Standard Time|Asia/Riyadh
Arabian Standard Time|Asia/Dubai
Arabic Standard Time|Asia/Baghdad
Argentina Standard Time|America/Buenos_Aires
Astrakhan Standard Time|Europe/Astrakhan
Atlantic Standard Time|America/Halifax
Aus Central W. Standard Time|Australia/Eucla
Azerbaijan Standard Time|Asia/Baku
Azores Standard Time|Atlantic/Azores
Bahia Standard Time|America/Bahia
Bangladesh Standard Time|Asia/Dhaka
Belarus Standard Time|Europe/Minsk
Bougainville Standard Time|Pacific/Bougainville
Canada Central Standard Time|America/Regina
Cape Verde Standard Time|Atlantic/Cape_Verde
Caucasus Standard Time|Asia/Yerevan
Cen. Australia Standard Time|Australia/Adelaide
Central America Standard Time|America/Guatemala
Central Asia Standard Time|Asia/Almaty
Central Brazilian Standard Time|America/Cuiaba
Central Europe Standard Time|Europe/Budapest
Central European Standard Time|Europe/Warsaw
Central Pacific Standard Time|Pacific/Guadalcanal
Central Standard Time|America/Chicago
Central Standard Time (Mexico)|America/Mexico_City
Chatham Islands Standard Time|Pacific/Chatham
China Standard Time|Asia/Shanghai
Cuba Standard Time|America/Havana
Dateline Standard Time|Etc/GMT+12
E. Africa Standard Time|Africa/Nairobi
E. Australia Standard Time|Australia/Brisbane
E. Europe Standard Time|Europe/Chisinau
E. South America Standard Time|America/Sao_Paulo
Easter Island Standard Time|Pacific/Easter
Eastern Standard Time|America/New_York
Eastern Standard Time (Mexico)|America/Cancun
Egypt Standard Time|Africa/Cairo
Ekaterinburg Standard Time|Asia/Yekaterinburg
FLE Standard Time|Europe/Kyiv
Fiji Standard Time|Pacific/Fiji
GMT Standard Time|Europe/London
GTB Standard Time|Europe/Bucharest
Georgian Standard Time|Asia/Tbilisi
Greenland Standard Time|America/Godthab
Greenwich Standard Time|Atlantic/Reykjavik
Haiti Standard Time|America/Port-au-Prince
Hawaiian Standard Time|Pacific/Honolulu
India Standard Time|Asia/Calcutta
Iran Standard Time|Asia/Tehran
Israel Standard Time|Asia/Jerusalem
Jordan Standard Time|Asia/Amman
Kaliningrad Standard Time|Europe/Kaliningrad
Korea Standard Time|Asia/Seoul
Libya Standard Time|Africa/Tripoli
Line Islands Standard Time|Pacific/Kiritimati
Lord Howe Standard Time|Australia/Lord_Howe
Magadan Standard Time|Asia/Magadan
Magallanes Standard Time|America/Punta_Arenas
Marquesas Standard Time|Pacific/Marquesas
Mauritius Standard Time|Indian/Mauritius
Middle East Standard Time|Asia/Beirut
Montevideo Standard Time|America/Montevideo
Morocco Standard Time|Africa/Casablanca
Mountain Standard Time|America/Denver
Mountain Standard Time (Mexico)|America/Chihuahua
Myanmar Standard Time|Asia/Rangoon
N. Central Asia Standard Time|Asia/Novosibirsk
Namibia Standard Time|Africa/Windhoek
Nepal Standard Time|Asia/Katmandu
New Zealand Standard Time|Pacific/Auckland
Newfoundland Standard Time|America/St_Johns
Norfolk Standard Time|Pacific/Norfolk
North Asia East Standard Time|Asia/Irkutsk
North Asia Standard Time|Asia/Krasnoyarsk
North Korea Standard Time|Asia/Pyongyang
Omsk Standard Time|Asia/Omsk
Pacific SA Standard Time|America/Santiago
Pacific Standard Time|America/Los_Angeles
Pacific Standard Time (Mexico)|America/Tijuana
Pakistan Standard Time|Asia/Karachi
Paraguay Standard Time|America/Asuncion
Qyzylorda Standard Time|Asia/Qyzylorda
Romance Standard Time|Europe/Paris
Russia Time Zone 10|Asia/Srednekolymsk
Russia Time Zone 11|Asia/Kamchatka
Russia Time Zone 3|Europe/Samara
Russian Standard Time|Europe/Moscow
SA Eastern Standard Time|America/Cayenne
SA Pacific Standard Time|America/Bogota
SA Western Standard Time|America/La_Paz
SE Asia Standard Time|Asia/Bangkok
Saint Pierre Standard Time|America/Miquelon
Sakhalin Standard Time|Asia/Sakhalin
Samoa Standard Time|Pacific/Apia
Sao Tome Standard Time|Africa/Sao_Tome
Saratov Standard Time|Europe/Saratov
Singapore Standard Time|Asia/Singapore
South Africa Standard Time|Africa/Johannesburg
South Sudan Standard Time|Africa/Juba
Sri Lanka Standard Time|Asia/Colombo
Sudan Standard Time|Africa/Khartoum
Syria Standard Time|Asia/Damascus
Taipei Standard Time|Asia/Taipei
Tasmania Standard Time|Australia/Hobart
Tocantins Standard Time|America/Araguaina
Tokyo Standard Time|Asia/Tokyo
Tomsk Standard Time|Asia/Tomsk
Tonga Standard Time|Pacific/Tongatapu
Transbaikal Standard Time|Asia/Chita
Turkey Standard Time|Europe/Istanbul
Turks And Caicos Standard Time|America/Grand_Turk
US Eastern Standard Time|America/Indianapolis
US Mountain Standard Time|America/Phoenix
UTC|Etc/UTC
UTC+12|Etc/GMT-12
UTC+13|Etc/GMT-13
UTC-02|Etc/GMT+2
UTC-08|Etc/GMT+8
UTC-09|Etc/GMT+9
UTC-11|Etc/GMT+11
Ulaanbaatar Standard Time|Asia/Ulaanbaatar
Venezuela Standard Time|America/Caracas
Vladivostok Standard Time|Asia/Vladivostok
Volgograd Standard Time|Europe/Volgograd
W. Australia Standard Time|Australia/Perth
W. Central Africa Standard Time|Africa/Lagos
W. Europe Standard Time|Europe/Berlin
W. Mongolia Standard Time|Asia/Hovd
West Asia Standard Time|Asia/Tashkent
West Bank Standard Time|Asia/Hebron
West Pacific Standard Time|Pacific/Port_Moresby
Yakutsk Standard Time|Asia/Yakutsk
Yukon Standard Time|America/Whitehorse
`;

let zones: ReadonlyMap<string, string> | undefined;

function zoneOf(id: string): string | undefined {
  zones ??= new Map(
    windows
      .trim()
      .split('\n')
      .map((line) => line.split('|') as [string, string]),
  );
  return id === 'UTC' ? 'UTC' : zones.get(id);
}

/** ms by which the clocks of a zone are ahead of UTC at a moment. */
type Offset = (time: number) => number;

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
function momentOf(wall: string, offset: Offset): string | undefined {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  const [before, after] = [asUtc - offset(asUtc - 86_400_000), asUtc - offset(asUtc + 86_400_000)];
  const isRight = (time: number): boolean => time + offset(time) === asUtc;
  const time = isRight(before) || !isRight(after) ? before : after;
  return new Date(time).toISOString().replace(/\.000Z$/, 'Z');
}

/** Of a zone that a client has made up, without a change of hours. */
function fixedOffset(definition: XmlElement): Offset | undefined {
  const [period, ...others] = child(definition, typesNs, 'Periods')?.children ?? [];
  const bias = period?.attributes.get('Bias') ?? '';
  const [, sign, hours = '0', minutes = '0'] = /^(-)?PT(?:(\d+)H)?(?:(\d+)M)?(?:0S)?$/.exec(bias) ?? [];
  if (period === undefined || others.length > 0) return undefined;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return () => (sign === '-' ? ms : -ms);
}

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
  const id = definition?.attributes.get('Id');
  // What clients ask about free and busy has a zone of its own.
  if (id === undefined || id === 'UTC' || request.name === 'GetUserAvailabilityRequest') return request;
  const zone = zoneOf(id);
  const offset = zone === undefined ? definition && fixedOffset(definition) : offsetOf(zone);
  if (offset === undefined) return undefined;
  const moment = (text: string): string => (bare.test(text) ? (momentOf(text.trim(), offset) ?? text) : text);
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

/** What the clocks of a zone show, and when they show it. */
export interface ZoneClocks {
  readonly offset: Offset;
  /** The moment, in ISO 8601, when they show that; undefined for what is no time. */
  moment(wall: string): string | undefined;
}

/** The clocks of a zone by its name of Windows or of IANA; undefined for one that nobody knows. */
export function zoneClocks(id: string): ZoneClocks | undefined {
  try {
    const offset = offsetOf(zoneOf(id) ?? id);
    return { offset, moment: (wall) => momentOf(wall, offset) };
  } catch {
    return undefined;
  }
}

/** When the clocks change in a year, and from what to what, in ms ahead of UTC. */
export function changesIn(
  year: number,
  offset: Offset,
): readonly { readonly at: number; readonly from: number; readonly to: number }[] {
  const [hour, end] = [3_600_000, Date.UTC(year + 1, 0, 1)];
  const changes: { at: number; from: number; to: number }[] = [];
  for (let day = Date.UTC(year, 0, 1); day < end; day += 7 * 24 * hour) {
    const [from, to] = [offset(day), offset(Math.min(day + 7 * 24 * hour, end))];
    if (from === to) continue;
    let [low, high] = [day, day + 7 * 24 * hour];
    while (high - low > hour / 4) {
      const middle = Math.floor((low + high) / 2 / (hour / 4)) * (hour / 4);
      if (offset(middle) === from) low = middle;
      else high = middle;
    }
    changes.push({ at: high, from, to });
  }
  return changes;
}
