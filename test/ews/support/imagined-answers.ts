import { pick } from '../../support/by-schema/any-value.ts';
import type { Facts } from '../../support/by-schema/document.ts';
import { serverWords } from './imagined-envelope.ts';
import type { ImaginedItem } from './imagined-mailbox.ts';

/** A member of a list: its element and its meaning. */
export type Member = readonly [name: string, facts: Facts];

/** The facts of an imagined server, in each form that the schema has for them. */
export class AnswerFacts {
  readonly #random: () => number;
  /** Everything requested is shown. Otherwise any of it may be missing, as far as the schema allows. */
  readonly #exact: boolean;

  constructor(random: () => number, exact: boolean) {
    this.#random = random;
    this.#exact = exact;
  }

  page(matches: readonly ImaginedItem[]): Facts {
    const [random, exact] = [this.#random, this.#exact];
    const count = String(matches.length);
    const [total, last] = pick(random, [
      [count, undefined],
      [undefined, 'true'],
      [count, '1'],
      [count, 'true'],
    ]);
    const attributes = {
      TotalItemsInView: exact || random() < 0.8 ? total : undefined,
      IncludesLastItemInRange: exact || random() < 0.8 ? last : undefined,
      IndexedPagingOffset: pick(random, [count, undefined]),
      NumeratorOffset: pick(random, [count, undefined, undefined]),
      AbsoluteDenominator: pick(random, [count, undefined, undefined]),
    };
    const items = { exactly: matches.map((item): Member => [this.elementFor(), this.#itemFacts(item)]) };
    if (!exact && random() < 0.1) return this.success({ RootFolder: [] });
    return this.success({ RootFolder: [{ attributes, children: { Items: [items], Groups: [] } }] });
  }

  /** For instance, an item of a class unknown to a server comes back as t:Item. */
  elementFor(): string {
    return pick(this.#random, [
      'Message',
      'Item',
      'Message',
      'PostItem',
      'MeetingRequest',
      'Contact',
      'Task',
      'CalendarItem',
      'SharingMessage',
    ]);
  }

  #itemFacts({ id, tag, state }: ImaginedItem): Facts {
    const [random, exact] = [this.#random, this.#exact];
    const shown = (): boolean => exact || random() < 0.7;
    const set = pick(random, ['b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', 'B1F7C0A4-52C8-4D5E-9C3B-6F0D8E2A9147']);
    const isDraft = { sent: ['false', '0'], draft: ['true', '1'], pending: ['true', '1'] }[state];
    const flags = { sent: ['1', '33', '0', '2'], draft: ['8', '9', '24'], pending: ['12', '13'] }[state];
    const uri = { PropertyTag: pick(random, ['0xe07', '0x0E07', '3591', '0X0e07']), PropertyType: 'Integer' };
    const ofTag = { PropertySetId: set, PropertyName: 'OfflineImTag', PropertyType: 'String' };
    const which = pick(random, ['flags', 'draft', 'both']);
    const properties = [
      ...(shown() ? [this.#property(ofTag, tag)] : []),
      ...((which !== 'draft' || state === 'pending') && shown() ? [this.#property(uri, pick(random, flags))] : []),
      ...(random() < 0.3
        ? [
            {
              children: {
                ExtendedFieldURI: [{ attributes: { PropertyTag: '0x1035', PropertySetId: undefined, PropertyName: undefined } }],
              },
            },
          ]
        : []),
    ];
    if (random() < 0.5) properties.reverse();
    const old = new Date(Date.now() - 3 * 3_600_000).toISOString();
    return {
      children: {
        ItemId: exact || random() < 0.85 ? [{ attributes: { Id: id } }] : [],
        ExtendedProperty: properties,
        IsDraft: which !== 'flags' && shown() ? [{ text: pick(random, isDraft) }] : [],
        DateTimeCreated: shown()
          ? [{ text: pick(random, [old, old.replace('Z', '1234Z'), old.replace('Z', '123456+00:00')]) }]
          : [],
      },
    };
  }

  #property(attributes: Readonly<Record<string, string>>, value: string): Facts {
    const open = Object.fromEntries(
      ['DistinguishedPropertySetId', 'PropertyId', 'PropertyTag', 'PropertySetId', 'PropertyName'].map((name) => [
        name,
        undefined,
      ]),
    );
    const values =
      this.#random() < 0.2 ? { Values: [{ exactly: [['Value', { text: value }] as const] }] } : { Value: [{ text: value }] };
    return { children: { ExtendedFieldURI: [{ attributes: { ...open, ...attributes } }], ...values } };
  }

  folders(ids: readonly string[], named = true): readonly Facts[] {
    const random = this.#random;
    const says = pick(random, ['class', 'name', 'both', 'neither']);
    const facts = ids.map(
      (id): Member => [
        pick(random, ['Folder', 'Folder', 'SearchFolder', 'TasksFolder', 'ContactsFolder', 'CalendarFolder']),
        {
          children: {
            FolderId: named ? [{ attributes: { Id: id } }] : [],
            FolderClass: says === 'class' || says === 'both' ? [{ text: 'IPF.Note.Microsoft.Conversation' }] : [],
            DisplayName: says === 'name' || says === 'both' ? [{ text: 'Conversation History' }] : [],
          },
        },
      ],
    );
    return [{ exactly: facts }];
  }

  /** Values that say nothing about what happened. */
  messageXml(): readonly Facts[] {
    const random = this.#random;
    if (random() < 0.7) return [];
    const names = [serverWords, 'MaxAllowedSize', 'IndexNumber', 'BackOffMilliseconds'];
    const value = (): Member => valueNamed(pick(random, names), pick(random, ['0', serverWords]));
    return [
      {
        exactly: pick(random, [
          [],
          [value()],
          [value(), value()],
          [['t:FieldURI', { attributes: { FieldURI: 'item:Subject' } }]],
        ]) as Member[],
      },
    ];
  }

  success(children: NonNullable<Facts['children']>): Facts {
    const code = pick(this.#random, [[], [{ text: 'NoError' }], [{ text: 'NoError' }]]);
    return {
      attributes: { ResponseClass: 'Success' },
      children: { ResponseCode: code, MessageXml: this.messageXml(), ...children },
    };
  }

  error(code: string, children: NonNullable<Facts['children']>): Facts {
    return {
      attributes: { ResponseClass: 'Error' },
      children: { ResponseCode: [{ text: code }], MessageXml: this.messageXml(), ...children },
    };
  }
}

/** A value of MessageXml. */
export function valueNamed(name: string, text: string): Member {
  return ['t:Value', { attributes: { Name: name }, text }];
}

/** The result of a search that found `count`. */
export function paging(count: string, random: () => number): Readonly<Record<string, string | undefined>> {
  return {
    TotalItemsInView: pick(random, [count, undefined]),
    IncludesLastItemInRange: pick(random, ['true', '1', undefined]),
    IndexedPagingOffset: pick(random, [count, undefined]),
    NumeratorOffset: undefined,
    AbsoluteDenominator: undefined,
  };
}
