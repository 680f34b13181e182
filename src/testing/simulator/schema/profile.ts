import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { ConversationHistory } from '../store/mailbox-options.ts';
import { checkOmissions, type Omission } from '../xml/omit.ts';

/** `RequestServerVersion` values, oldest first. */
export const schemaVersions = [
  'Exchange2007',
  'Exchange2007_SP1',
  'Exchange2010',
  'Exchange2010_SP1',
  'Exchange2010_SP2',
  'Exchange2013',
  'Exchange2013_SP1',
  'Exchange2015',
  'Exchange2016',
] as const;

/** A `RequestServerVersion` value. */
export type SchemaVersion = (typeof schemaVersions)[number];

/** How one kind of server behaves. */
export interface SimulatorProfile {
  readonly name: string;
  /** Newest schema it understands; newer ones get the fault `ErrorInvalidServerVersion`. */
  readonly newestSchema: SchemaVersion;
  /** Its `t:ServerVersionInfo`: major, minor, build, revision. */
  readonly build: readonly [number, number, number, number];
  /**
   * How Conversation History is found: by its distinguished id; only by its display name below `msgfolderroot`
   * (the distinguished id is `ErrorFolderNotFound`); or not at all until a client creates it.
   */
  readonly conversationHistory: ConversationHistory;
  /** How it returns items whose class is not below `IPM.Note`: `item` is a bare `t:Item` without From, IsRead, recipients. */
  readonly foreignClasses: 'item' | 'message';
  /** What CreateItem does with a class that is not below `IPM.Note`: accept it, or refuse it with `ErrorObjectTypeChanged`. */
  readonly createForeignClasses: 'accepted' | 'refused';
  /** Whether `ErrorSendAsDenied` leaves a draft behind, as Exchange documents. */
  readonly draftOnSendAsDenied: boolean;
  /** Whether it sends before or after it stores the copy. */
  readonly order: 'send-first' | 'copy-first';
  /** With `copy-first`: ms between storing the copy and sending. */
  readonly sendDelay: number;
  /** Longer requests are refused as `tooLarge` says. Bytes. */
  readonly maxRequestBytes: number;
  /** `fault`: the SOAP fault `ErrorRequestStreamTooBig`; `http`: status 413 and no body, as from a proxy. */
  readonly tooLarge: 'fault' | 'http';
  /**
   * What its responses omit although Exchange includes it: the schema makes much optional, and other servers use
   * that. A client must not depend on these parts.
   *
   * @default []
   * @example ['FindFolderResponseMessage/RootFolder:empty']
   */
  readonly omits: readonly Omission[];
}

const base: SimulatorProfile = {
  name: 'exchange-2016',
  newestSchema: 'Exchange2016',
  build: [15, 1, 2507, 6],
  conversationHistory: 'distinguished',
  foreignClasses: 'item',
  createForeignClasses: 'accepted',
  draftOnSendAsDenied: true,
  order: 'send-first',
  sendDelay: 0,
  maxRequestBytes: 4 * 1024 * 1024,
  tooLarge: 'fault',
  omits: [],
};

const profiles = {
  'exchange-2010': {
    ...base,
    name: 'exchange-2010',
    newestSchema: 'Exchange2010_SP2',
    build: [14, 3, 123, 3],
    conversationHistory: 'by-name',
  },
  'exchange-2013': { ...base, name: 'exchange-2013', newestSchema: 'Exchange2013_SP1', build: [15, 0, 1497, 2] },
  'exchange-2016': base,
  'exchange-2019': { ...base, name: 'exchange-2019', build: [15, 2, 1118, 7] },
  'exchange-online': { ...base, name: 'exchange-online', build: [15, 20, 8000, 1] },
} as const satisfies Readonly<Record<string, SimulatorProfile>>;

/** The names of the built-in profiles. */
export type ProfileName = keyof typeof profiles;

/** A built-in profile, or one with changes. */
export type ProfileOption = ProfileName | ({ readonly like?: ProfileName } & Partial<SimulatorProfile>);

/** The profile that an option means. */
export function profileOf(option: ProfileOption = 'exchange-2016'): SimulatorProfile {
  const { like, ...deviations } = typeof option === 'string' ? { like: option } : { like: 'exchange-2016' as const, ...option };
  const known = Object.hasOwn(profiles, like) ? profiles[like] : undefined;
  if (known === undefined) {
    throw new OfflineImError('OPTION_INVALID', `profile "${like}" is unknown; there are ${Object.keys(profiles).join(', ')}.`);
  }
  const profile = { ...known, ...deviations };
  return { ...profile, omits: checkOmissions(profile.omits) };
}
