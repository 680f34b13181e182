import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import type { Exchange } from '../../exchange.ts';
import type { ZoneClocks } from '../../schema/time-zones/clocks.ts';
import { clocksOfAvailability, writeZone } from '../../schema/time-zones/definition.ts';
import { windowsZones } from '../../schema/time-zones/windows-zones.ts';
import { expanded } from '../../store/series/occurrences.ts';
import { EwsFault } from '../../xml/ews-errors.ts';
import { itemValue } from '../../xml/item-shape.ts';
import { answerEach, type Operation } from '../operation.ts';
import { success } from './settings.ts';

/** ms, 62 days: what a server allows unless it is told. */
const widestWindow = 62 * 86_400_000;

interface Busy {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

const digits: Readonly<Record<string, string>> = { Free: '0', Tentative: '1', Busy: '2', OOF: '3', WorkingElsewhere: '4' };

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/getuseravailability-operation: from the appointments of each calendar. */
export const getUserAvailability: Operation = {
  count: (request) => child(request, messagesNs, 'MailboxDataArray')?.children.length ?? 0,
  run(request, context) {
    const options = child(request, typesNs, 'FreeBusyViewOptions');
    if (options === undefined && child(request, typesNs, 'SuggestionsViewOptions') === undefined) {
      throw new EwsFault('ErrorMissingArgument', 'The request asks for neither free/busy nor suggestions.');
    }
    const window = child(options, typesNs, 'TimeWindow');
    // Times are those of the clocks of whoever asks, in the answer too.
    const zone = child(request, typesNs, 'TimeZone');
    const clocks = zone && clocksOfAvailability(zone);
    const [from, to] = [timeIn(window, 'StartTime', clocks), timeIn(window, 'EndTime', clocks)];
    const local = (time: number): string => new Date(time + (clocks?.offset(time) ?? 0)).toISOString().slice(0, 19);
    if (!(from < to)) throw new EwsFault('ErrorInvalidTimeInterval', 'The end of the time window is not after its start.');
    if (to - from > widestWindow) throw new EwsFault('ErrorTimeIntervalTooBig', 'The time window is longer than 62 days.');
    const minutes = Number(textOf(options, typesNs, 'MergedFreeBusyIntervalInMinutes') ?? '30');
    if (!Number.isInteger(minutes) || minutes < 5 || minutes > 1440) throw new EwsFault('ErrorInvalidMergedFreeBusyInterval');
    const kind = viewOf(textOf(options, typesNs, 'RequestedView') ?? '');
    const asked = childrenOf(child(request, messagesNs, 'MailboxDataArray'), typesNs, 'MailboxData');
    const answers = asked.map((one) => {
      const address = textOf(child(one, typesNs, 'Email'), typesNs, 'Address') ?? '';
      const busy = busyIn(context.exchange, address, from, to);
      if (busy === undefined) {
        const code =
          '<m:MessageText>No mailbox has that address.</m:MessageText><m:ResponseCode>ErrorMailRecipientNotFound</m:ResponseCode>';
        return `<m:FreeBusyResponse><m:ResponseMessage ResponseClass="Error">${code}</m:ResponseMessage></m:FreeBusyResponse>`;
      }
      const events = busy.map(({ start, end, type }) => {
        const times = `<t:StartTime>${local(start)}</t:StartTime><t:EndTime>${local(end)}</t:EndTime>`;
        return `<t:CalendarEvent>${times}<t:BusyType>${type}</t:BusyType></t:CalendarEvent>`;
      });
      const [hasMerged, hasEvents] = [/Merged/.test(kind), kind !== 'MergedOnly' && events.length > 0];
      const array = hasEvents ? `<t:CalendarEventArray>${events.join('')}</t:CalendarEventArray>` : '';
      const merged = hasMerged ? `<t:MergedFreeBusy>${mergedOf(busy, from, to, minutes * 60_000)}</t:MergedFreeBusy>` : '';
      const view = `<m:FreeBusyView><t:FreeBusyViewType>${kind}</t:FreeBusyViewType>${merged}${array}</m:FreeBusyView>`;
      return `<m:FreeBusyResponse>${success('m:ResponseMessage')}${view}</m:FreeBusyResponse>`;
    });
    if (child(request, typesNs, 'SuggestionsViewOptions') !== undefined) {
      throw new EwsFault(
        'ErrorInvalidArgument',
        'The simulator does not suggest times for meetings: request the free/busy view alone.',
      );
    }
    const content = `<m:FreeBusyResponseArray>${answers.join('')}</m:FreeBusyResponseArray>`;
    return { element: 'GetUserAvailabilityResponse', content, code: 'NoError' };
  },
};

/** What is shown of a calendar: when somebody is busy, never with what. */
function viewOf(asked: string): 'MergedOnly' | 'FreeBusy' | 'FreeBusyMerged' {
  if (asked === 'MergedOnly') return asked;
  return asked === 'FreeBusy' || asked === 'Detailed' ? 'FreeBusy' : 'FreeBusyMerged';
}

function busyIn(exchange: Exchange, address: string, from: number, to: number): readonly Busy[] | undefined {
  const mailbox = exchange.find(address);
  return (
    mailbox &&
    expanded(mailbox.folder('calendar').items, from, to).flatMap((item) => {
      const text = (uri: string): string => String(itemValue(item, { kind: 'field', uri }) ?? '');
      const [start, end] = [Date.parse(text('calendar:Start')), Date.parse(text('calendar:End'))];
      const type = text('calendar:LegacyFreeBusyStatus') || 'Busy';
      return start < to && end > from && type !== 'Free' ? [{ start, end, type }] : [];
    })
  );
}

function mergedOf(busy: readonly Busy[], from: number, to: number, step: number): string {
  let merged = '';
  for (let at = from; at < to; at += step) {
    const within = busy.filter(({ start, end }) => start < at + step && end > at).map(({ type }) => digits[type] ?? '2');
    merged += within.sort().at(-1) ?? '0';
  }
  return merged;
}

function timeIn(window: XmlElement | undefined, name: string, clocks: ZoneClocks | undefined): number {
  const text = (textOf(window, typesNs, name) ?? '').trim();
  const time = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(text) ? text : (clocks?.moment(text) ?? `${text}Z`));
  if (Number.isNaN(time))
    throw new EwsFault('ErrorInvalidTimeInterval', `The ${name} of the time window is missing or out of range.`);
  return time;
}

/**
 * https://learn.microsoft.com/exchange/client-developer/web-service-reference/getservertimezones-operation: the zones of Windows as the platform knows
 * them, with the rules of this year.
 */
export const getServerTimeZones: Operation = {
  count: () => 1,
  run(request, context) {
    const ids = childrenOf(child(request, messagesNs, 'Ids'), typesNs, 'Id').map(({ text }) => text);
    const full = !/^\s*(?:false|0)\s*$/.test(request.attributes.get('ReturnFullTimeZoneData') ?? 'true');
    const year = context.exchange.registry.now().getUTCFullYear();
    return answerEach([ids], context, '<m:TimeZoneDefinitions/>', (wanted) => {
      const shown = [...windowsZones().keys()].filter((id) => wanted.length === 0 || wanted.includes(id));
      return `<m:TimeZoneDefinitions>${shown.map((id) => writeZone(id, year, full)).join('')}</m:TimeZoneDefinitions>`;
    });
  },
};
