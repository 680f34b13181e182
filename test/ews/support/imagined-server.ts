/**
 * A server that does not exist: it acts on an imagined mailbox, and responds in any way that Microsoft's schema allows.
 * Everything in its responses besides the facts is random.
 */
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import type { Chance, Facts } from '../../support/by-schema/document.ts';
import { globalTypes } from '../../support/by-schema/whole-grammar.ts';
import { AnswerFacts, type Member, paging, valueNamed } from './imagined-answers.ts';
import { documents, envelopeAround, faultWith, serverWords } from './imagined-envelope.ts';
import { type Fate, historyId, type ImaginedMailbox } from './imagined-mailbox.ts';
import { speltBytes } from './spelt-bytes.ts';

export interface Imagined {
  readonly mailbox: ImaginedMailbox;
  readonly random: () => number;
  /** Everything requested is shown. Otherwise any of it may be missing, as far as the schema allows. */
  readonly exact: boolean;
  readonly fateOf: (tag: string, itemClass: string) => Fate;
  /** A fault instead of the response to CreateItem. */
  readonly fault?: { readonly code: string; readonly sent: (tag: string) => boolean } | undefined;
  /** Whether a deletion succeeds. */
  readonly deletes: boolean;
  /** Accepted schema versions. */
  readonly takes: (version: string) => boolean;
  /** Called with each response before it is written, and its operation. */
  readonly onAnswer?: (operation: string, xml: string) => void;
}

/** A fault instead of the responses. */
interface WholeFault {
  readonly code: string;
  readonly backOff?: number | undefined;
}

export class ImaginedServer {
  /** The back-off in ms, by tag, in the last response, which may be a fault instead of the planned result. */
  readonly backOffs = new Map<string, number>();
  readonly #by: Imagined;
  readonly #chance: Chance;
  readonly #facts: AnswerFacts;

  constructor(by: Imagined) {
    this.#by = by;
    const { random, exact } = by;
    this.#facts = new AnswerFacts(random, exact);
    this.#chance = {
      random,
      texts: [
        `${serverWords} secret text 1`,
        `${serverWords}ErrorServerBusy`,
        `${serverWords}`,
        `<${serverWords}>&amp;`,
        `ü${serverWords}Ω😀`,
      ],
      often: pick(random, [0, 0.02, 0.1, 0.3, 0.8]),
      most: pick(random, [20, 120, 300]),
      typed: pick(random, [0, 0, 0.2]),
    };
  }

  readonly fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const envelope = parseXml(String(init?.body));
    const request = envelope.children.at(-1)?.children[0];
    const version = first(envelope, 'RequestServerVersion')?.attributes.get('Version');
    if (request === undefined || version === undefined) throw new Error('a request without a body or a version');
    const { status, xml } = this.#by.takes(version) ? this.#answer(request) : this.#fault({ code: 'ErrorInvalidServerVersion' });
    this.#by.onAnswer?.(request.name, xml);
    const { bytes, contentType } = speltBytes(xml, this.#by.random);
    return new Response(bytes, { status, headers: { 'content-type': contentType, date: new Date().toUTCString() } });
  };

  #answer(request: XmlElement): { status: number; xml: string } {
    const messages = this.#messages(request);
    if ('code' in messages) return this.#fault(messages);
    const name = `m:${request.name}Response`;
    const facts = { children: { ResponseMessages: [{ exactly: messages }] } };
    return {
      status: 200,
      xml: envelopeAround(documents.draw(name, globalTypes.get(name) ?? '', this.#chance, facts), this.#chance),
    };
  }

  #fault({ code, backOff }: WholeFault): { status: number; xml: string } {
    return {
      status: pick(this.#by.random, [200, 500, 500]),
      xml: envelopeAround(faultWith(code, this.#by.random, backOff), this.#chance),
    };
  }

  /** One for each requested, or a fault. */
  #messages(request: XmlElement): readonly Member[] | WholeFault {
    switch (request.name) {
      case 'CreateItem':
        return this.#createItem(request);
      case 'FindItem':
        return this.#findItem(request);
      case 'DeleteItem':
        return all(request, 'ItemId').map((id) => ['DeleteItemResponseMessage', this.#deleted(id)]);
      case 'FindFolder':
        return [['FindFolderResponseMessage', this.#foundFolder()]];
      case 'CreateFolder':
        this.#by.mailbox.makeHistory();
        return [['CreateFolderResponseMessage', this.#facts.success({ Folders: this.#facts.folders([historyId]) })]];
      case 'GetFolder':
        return this.#getFolder(request);
      default:
        throw new Error(`${request.name} was not expected`);
    }
  }

  #createItem(request: XmlElement): readonly Member[] | WholeFault {
    const { mailbox, fault, fateOf, random } = this.#by;
    const folder = this.#folderIn(first(request, 'SavedItemFolderId'));
    const items = first(request, 'Items')?.children ?? [];
    const tags = items.map((item) => tagOf(item));
    for (const tag of tags) this.backOffs.delete(tag);
    if (folder === undefined) {
      if (random() < 0.3) return { code: 'ErrorFolderNotFound' };
      return items.map(() => ['CreateItemResponseMessage', this.#facts.error('ErrorFolderNotFound', { Items: this.#noItems() })]);
    }
    if (fault !== undefined) {
      for (const tag of tags) if (fault.sent(tag)) mailbox.send(tag, folder);
      const backOff = random() < 0.5 ? 1000 + Math.floor(random() * 50_000) : undefined;
      if (backOff !== undefined) for (const tag of tags) this.backOffs.set(tag, backOff);
      return { code: fault.code, backOff };
    }
    const messages: Member[] = [];
    for (const [at, item] of items.entries()) {
      const tag = tags[at] ?? '';
      const fate = fateOf(tag, first(item, 'ItemClass')?.text ?? '');
      if (fate.kind === 'sent' || (fate.kind !== 'refused' && fate.sent)) mailbox.send(tag, folder);
      if (fate.kind === 'refused' && fate.draft) mailbox.put(tag, 'drafts', 'draft');
      if (fate.kind === 'refused' && fate.backOff !== undefined) this.backOffs.set(tag, fate.backOff);
      if (fate.kind !== 'unanswered') messages.push(['CreateItemResponseMessage', this.#answerOf(fate)]);
    }
    // There must be at least one message.
    return messages.length === 0 ? { code: 'ErrorInternalServerError' } : messages;
  }

  #answerOf(fate: Exclude<Fate, { kind: 'unanswered' }>): Facts {
    const { random } = this.#by;
    const made = random() < 0.5 ? this.#noItems() : [this.#anyItems()];
    if (fate.kind === 'sent') return this.#facts.success({ Items: made });
    if (fate.kind === 'refused') {
      const { code, wrapped = false, backOff } = fate;
      const values = [
        ...(backOff === undefined ? [] : [valueNamed('BackOffMilliseconds', String(backOff))]),
        ...(wrapped ? [valueNamed('InnerErrorResponseCode', code)] : []),
        valueNamed('Other', serverWords),
      ].sort(() => random() - 0.5);
      const more = backOff === undefined && !wrapped ? {} : { MessageXml: [{ exactly: values }] };
      return this.#facts.error(wrapped ? 'ErrorInternalServerError' : code, { Items: this.#noItems(), ...more });
    }
    const code = fate.code === undefined ? [] : [{ text: fate.code }];
    return {
      attributes: { ResponseClass: fate.responseClass },
      children: { ResponseCode: code, MessageXml: this.#facts.messageXml(), Items: made },
    };
  }

  #findItem(request: XmlElement): readonly Member[] {
    const tags = all(first(request, 'Restriction') ?? request, 'Constant').map((one) => one.attributes.get('Value'));
    const stranded = all(request, 'Exists').length > 0;
    return (first(request, 'ParentFolderIds')?.children ?? []).map((id): Member => {
      const folder = this.#folderOf(id);
      if (folder === undefined)
        return ['FindItemResponseMessage', this.#facts.error('ErrorFolderNotFound', { RootFolder: [], HighlightTerms: [] })];
      const matches = this.#by.mailbox.items.filter((item) => item.folder === folder && (stranded || tags.includes(item.tag)));
      return ['FindItemResponseMessage', this.#facts.page(matches)];
    });
  }

  #deleted(id: XmlElement): Facts {
    const { mailbox, deletes, random } = this.#by;
    if (!deletes && random() < 0.7)
      return this.#facts.error(pick(random, ['ErrorCannotDeleteObject', 'ErrorAccessDenied', 'ErrorInternalServerError']), {});
    return mailbox.remove(id.attributes.get('Id') ?? '') ? this.#facts.success({}) : this.#facts.error('ErrorItemNotFound', {});
  }

  #foundFolder(): Facts {
    const { mailbox, random, exact } = this.#by;
    const { history } = mailbox;
    const count = history === undefined ? '0' : '1';
    if (history === undefined && random() < 0.4)
      return this.#facts.success({
        RootFolder: random() < 0.5 ? [] : [{ attributes: paging('0', random), children: { Folders: [] } }],
      });
    const folders = this.#facts.folders(history === undefined ? [] : [history], exact || random() < 0.9);
    return this.#facts.success({ RootFolder: [{ attributes: paging(count, random), children: { Folders: folders } }] });
  }

  #getFolder(request: XmlElement): readonly Member[] {
    const folder = this.#folderIn(first(request, 'FolderIds'));
    if (folder === undefined) return [['GetFolderResponseMessage', this.#facts.error('ErrorFolderNotFound', { Folders: [] })]];
    return [
      [
        'GetFolderResponseMessage',
        this.#facts.success(this.#by.random() < 0.2 ? { Folders: [] } : { Folders: this.#facts.folders([folder]) }),
      ],
    ];
  }

  #noItems(): readonly Facts[] {
    return [{ exactly: [] }];
  }

  #anyItems(): Facts {
    return { exactly: Array.from({ length: Math.floor(this.#by.random() * 3) }, (): Member => [this.#facts.elementFor(), {}]) };
  }

  #folderIn(parent: XmlElement | undefined): string | undefined {
    const [id] = parent?.children ?? [];
    return id === undefined ? undefined : this.#folderOf(id);
  }

  #folderOf(id: XmlElement): string | undefined {
    return this.#by.mailbox.folder(id.attributes.get('Id') ?? '', id.name === 'DistinguishedFolderId');
  }
}

function all(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((one) => [...(one.name === name ? [one] : []), ...all(one, name)]);
}

function first(element: XmlElement, name: string): XmlElement | undefined {
  return all(element, name)[0];
}

function tagOf(item: XmlElement): string {
  return first(first(item, 'ExtendedProperty') ?? item, 'Value')?.text ?? '';
}
