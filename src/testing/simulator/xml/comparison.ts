import type { PropertyPath } from './property-path.ts';

/** How the values of a property compare. */
export type ValueType = 'text' | 'boolean' | 'number' | 'time' | Rank;

/** Names that the store keeps as numbers, and orders by these ([MS-OXCMSG], [MS-OXOCAL], [MS-OXOTASK]). */
const ranks = {
  Importance: 'low normal high'.split(' '),
  Sensitivity: 'normal personal private confidential'.split(' '),
  Status: 'notstarted inprogress completed waitingonothers deferred'.split(' '),
  FreeBusyStatus: 'free tentative busy oof workingelsewhere nodata'.split(' '),
  ResponseType: 'unknown organizer tentative accept decline noresponsereceived'.split(' '),
} as const;
type Rank = keyof typeof ranks;

const rankOf: Readonly<Record<string, Rank>> = {
  'item:Importance': 'Importance',
  'item:Sensitivity': 'Sensitivity',
  'task:Status': 'Status',
  'calendar:LegacyFreeBusyStatus': 'FreeBusyStatus',
  'meetingRequest:IntendedFreeBusyStatus': 'FreeBusyStatus',
  'calendar:MyResponseType': 'ResponseType',
  'meeting:ResponseType': 'ResponseType',
};

const numbers =
  /^(?:Size|TotalCount|ChildFolderCount|UnreadCount|PercentComplete|ReminderMinutesBeforeStart|IconIndex|AppointmentState|AppointmentSequenceNumber|ActualWork|TotalWork|ChangeCount|AdjacentMeetingCount|ConflictingMeetingCount)$/;
const times =
  /^(?:DateTime\w+|LastModifiedTime|ReminderDueBy|ReminderNextTime|Start|End|OriginalStart|DueDate|StartDate|CompleteDate|AssignedTime|Birthday|WeddingAnniversary|RetentionDate|PostedTime|AppointmentReplyTime)$/;
const booleans = /^(?:Is[A-Z]\w+|Has[A-Z]\w+|ReminderIsSet|MeetingRequestWasSent|AllowNewTimeProposal|MentionedMe)$/;

/** By the property's type, where the client or the schema says it. */
export function typeOfPath(path: PropertyPath): ValueType {
  if (path.kind === 'extended') {
    switch (path.path.type.replace(/Array$/, '')) {
      case 'Boolean':
        return 'boolean';
      case 'Integer':
      case 'Short':
      case 'Long':
      case 'Double':
      case 'Float':
      case 'Currency':
      case 'ApplicationTime': // days since 1899, with a fraction
        return 'number';
      case 'SystemTime':
        return 'time';
      default:
        return 'text';
    }
  }
  const rank = path.kind === 'field' ? rankOf[path.uri] : undefined;
  if (rank !== undefined) return rank;
  const name = path.uri.slice(path.uri.indexOf(':') + 1);
  if (booleans.test(name)) return 'boolean';
  if (times.test(name)) return 'time';
  return numbers.test(name) ? 'number' : 'text';
}

/** Negative, zero or positive; undefined when one of them is no value of that type. Texts compare without regard to case, as the store does. */
export function compareValues(type: ValueType, a: string, b: string): number | undefined {
  if (type === 'text') {
    const [left, right] = [a.toLowerCase(), b.toLowerCase()];
    return left === right ? 0 : left < right ? -1 : 1;
  }
  const [left, right] = [numberOf(type, a), numberOf(type, b)];
  return left === undefined || right === undefined ? undefined : left - right;
}

/** Whether a text is a value of that type. */
export const isValueOf = (type: ValueType, text: string): boolean => type === 'text' || numberOf(type, text) !== undefined;

function numberOf(type: Exclude<ValueType, 'text'>, text: string): number | undefined {
  const trimmed = text.trim();
  if (type !== 'boolean' && type !== 'time' && type !== 'number') {
    const rank = ranks[type].indexOf(trimmed.toLowerCase());
    return rank === -1 ? undefined : rank;
  }
  if (type === 'boolean') return /^(?:true|1)$/i.test(trimmed) ? 1 : /^(?:false|0)$/i.test(trimmed) ? 0 : undefined;
  const value = type === 'time' ? Date.parse(zoned(trimmed)) : trimmed === '' ? Number.NaN : Number(trimmed);
  return Number.isNaN(value) ? undefined : value;
}

/** A dateTime without a zone is UTC here, whatever machine the simulator runs on. */
function zoned(text: string): string {
  return /T[\d:.]+$/.test(text) ? `${text}Z` : text;
}
