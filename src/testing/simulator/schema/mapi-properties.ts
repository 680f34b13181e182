import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';
import { type ExtendedFieldPath, type ExtendedProperty, keyOfPath } from '../store/extended-property.ts';
import type { MessageContent } from '../store/item.ts';
import { indexedText, readElement, textsOf, writeElement } from '../xml/written-element.ts';

type Value = string | readonly string[];

/** A MAPI property that is, under another name, a property of EWS: setting one sets the other. */
interface Alias {
  /** The element that holds it and nothing else. */
  readonly field?: string;
  read(content: MessageContent): Value | undefined;
  write(content: MessageContent, value: Value): MessageContent;
}

const one = (value: Value): string => (typeof value === 'string' ? value : (value[0] ?? ''));

/** An element that holds one text. */
function element(name: string, toEws: (value: string) => string = (v) => v, toMapi: (value: string) => string = (v) => v): Alias {
  return {
    field: name,
    read: (content) => {
      const written = content.fields?.get(name);
      const text = written === undefined ? undefined : textsOf(written)[0];
      return text === undefined ? undefined : toMapi(text);
    },
    write: (content, value) => withField(content, name, `<t:${name}>${escapeText(toEws(one(value)))}</t:${name}>`),
  };
}

/** An entry of a dictionary such as `t:PhoneNumbers`. */
function entry(name: string, key: string): Alias {
  return {
    read: (content) => {
      const written = content.fields?.get(name);
      return written === undefined ? undefined : indexedText(written, `contacts:${name}`, key);
    },
    write: (content, value) => {
      const written = content.fields?.get(name);
      const others = written === undefined ? [] : readElement(written).children.filter((e) => e.attributes.get('Key') !== key);
      const own = `<t:Entry Key="${escapeAttribute(key)}">${escapeText(one(value))}</t:Entry>`;
      return withField(content, name, `<t:${name}>${others.map(writeElement).join('')}${own}</t:${name}>`);
    },
  };
}

/** Words of EWS for numbers of MAPI. */
function numbered(words: readonly string[]): {
  readonly toEws: (value: string) => string;
  readonly toMapi: (value: string) => string;
} {
  return {
    toEws: (value) => words[Number(value)] ?? words[0] ?? '',
    toMapi: (value) => String(Math.max(0, words.indexOf(value))),
  };
}

const busy = numbered(['Free', 'Tentative', 'Busy', 'OOF', 'WorkingElsewhere']);
const importances = ['Low', 'Normal', 'High'] as const;
const sensitivities = ['Normal', 'Personal', 'Private', 'Confidential'] as const;
const flags: readonly string[] = ['NotFlagged', 'Complete', 'Flagged'];

const tagged: readonly (readonly [tag: number, alias: Alias])[] = [
  [0x001a, { read: (c) => c.itemClass, write: (c, v) => ({ ...c, itemClass: one(v) }) }],
  [0x0037, { read: (c) => c.subject, write: (c, v) => ({ ...c, subject: one(v) }) }],
  [0x1035, { read: (c) => c.internetMessageId, write: (c, v) => ({ ...c, internetMessageId: one(v) }) }],
  [0x1000, { read: () => undefined, write: (c, v) => ({ ...c, body: { type: 'text', content: one(v) } }) }],
  [
    0x0017,
    {
      read: (c) => String(importances.indexOf(c.importance)),
      write: (c, v) => ({ ...c, importance: importances[Number(one(v))] ?? c.importance }),
    },
  ],
  [
    0x0036,
    {
      read: (c) => String(sensitivities.indexOf(c.sensitivity)),
      write: (c, v) => ({ ...c, sensitivity: sensitivities[Number(one(v))] ?? c.sensitivity }),
    },
  ],
  [
    0x1090,
    {
      read: (c) => {
        const status = /<t:FlagStatus>(\w+)</.exec(c.fields?.get('Flag') ?? '')?.[1];
        return status === undefined ? undefined : String(flags.indexOf(status));
      },
      write: (c, v) =>
        withField(c, 'Flag', `<t:Flag><t:FlagStatus>${flags[Number(one(v))] ?? 'NotFlagged'}</t:FlagStatus></t:Flag>`),
    },
  ],
  [0x1039, element('References')],
  [0x1042, element('InReplyTo')],
  [0x3001, element('DisplayName')],
  [0x3a05, element('Generation')],
  [0x3a06, element('GivenName')],
  [0x3a0a, element('Initials')],
  [0x3a11, element('Surname')],
  [0x3a16, element('CompanyName')],
  [0x3a17, element('JobTitle')],
  [0x3a18, element('Department')],
  [0x3a19, element('OfficeLocation')],
  [0x3a30, element('AssistantName')],
  [0x3a44, element('MiddleName')],
  [0x3a46, element('Profession')],
  [0x3a48, element('SpouseName')],
  [0x3a4e, element('Manager')],
  [0x3a4f, element('Nickname')],
  [0x3a51, element('BusinessHomePage')],
  [0x3a08, entry('PhoneNumbers', 'BusinessPhone')],
  [0x3a09, entry('PhoneNumbers', 'HomePhone')],
  [0x3a1a, entry('PhoneNumbers', 'PrimaryPhone')],
  [0x3a1b, entry('PhoneNumbers', 'BusinessPhone2')],
  [0x3a1c, entry('PhoneNumbers', 'MobilePhone')],
  [0x3a1f, entry('PhoneNumbers', 'OtherTelephone')],
  [0x3a21, entry('PhoneNumbers', 'Pager')],
  [0x3a24, entry('PhoneNumbers', 'BusinessFax')],
  [0x3a25, entry('PhoneNumbers', 'HomeFax')],
];

const strings = '00020329-0000-0000-c000-000000000046';
const appointment = '00062002-0000-0000-c000-000000000046';
const common = '00062008-0000-0000-c000-000000000046';
const named: readonly (readonly [path: ExtendedFieldPath, alias: Alias])[] = [
  [
    { type: 'StringArray', set: strings, name: 'Keywords' },
    {
      field: 'Categories',
      read: (content) => {
        const written = content.fields?.get('Categories');
        return written === undefined ? undefined : textsOf(written);
      },
      write: (content, value) => {
        const list = [value].flat().map((text) => `<t:String>${escapeText(text)}</t:String>`);
        return withField(content, 'Categories', `<t:Categories>${list.join('')}</t:Categories>`);
      },
    },
  ],
  [{ type: 'SystemTime', set: appointment, id: 0x820d }, element('Start')],
  [{ type: 'SystemTime', set: appointment, id: 0x820e }, element('End')],
  [{ type: 'String', set: appointment, id: 0x8208 }, element('Location')],
  [{ type: 'Boolean', set: appointment, id: 0x8215 }, element('IsAllDayEvent')],
  [{ type: 'Integer', set: appointment, id: 0x8205 }, element('LegacyFreeBusyStatus', busy.toEws, busy.toMapi)],
  [{ type: 'Boolean', set: appointment, id: 0x8223 }, element('IsRecurring')],
  [
    { type: 'Integer', set: strings, name: 'urn:schemas:calendar:instancetype' },
    {
      read: ({ kind, fields }) => (kind !== 'CalendarItem' ? undefined : fields?.has('Recurrence') === true ? '1' : '0'),
      write: (content) => content,
    },
  ],
  [{ type: 'Integer', set: common, id: 0x8501 }, element('ReminderMinutesBeforeStart')],
  [{ type: 'Boolean', set: common, id: 0x8503 }, element('ReminderIsSet')],
];

const aliases: ReadonlyMap<string, Alias> = new Map([
  ...tagged.map(([tag, alias]): [string, Alias] => [keyOfPath({ type: '', tag }), alias]),
  ...named.map(([path, alias]): [string, Alias] => [keyOfPath(path), alias]),
]);

/** What a MAPI property is as a property of EWS; undefined where it is none, or has no value. */
export function aliasedValue(content: MessageContent, path: ExtendedFieldPath): Value | undefined {
  return aliases.get(keyOfPath(path))?.read(content);
}

/** Whether a MAPI property is found among those of EWS rather than by an index of its own. */
export function isAliased(path: ExtendedFieldPath): boolean {
  return aliases.has(keyOfPath(path));
}

/** The content once those properties are set, as EWS sees it. They stay what they are beside. */
export function withAliased(content: MessageContent, properties: readonly ExtendedProperty[]): MessageContent {
  return properties.reduce((next, { path, value }) => aliases.get(keyOfPath(path))?.write(next, value) ?? next, content);
}

/** The content once that property is gone. */
export function withoutAliased(content: MessageContent, path: ExtendedFieldPath): MessageContent {
  const alias = aliases.get(keyOfPath(path));
  if (alias?.field === undefined) return alias?.write(content, '') ?? content;
  const fields = new Map(content.fields);
  fields.delete(alias.field);
  return { ...content, fields };
}

function withField(content: MessageContent, name: string, written: string): MessageContent {
  return { ...content, fields: new Map(content.fields).set(name, written) };
}
