import { typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, type XmlElement } from '../../../../ews/xml/read.ts';
import type { SimulatedFolder } from '../../store/folder.ts';
import type { MessageContent } from '../../store/item.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import type { InboxRule } from '../../store/mailbox-options.ts';
import { isTrue } from '../../xml/written-element.ts';
import { type Arriving, addressesIn, applies, withCategories } from './conditions.ts';
import { writeRule } from './inbox-rule.ts';

/** A rule as it is kept: `t:Rule` without its id. */
export interface KeptRule {
  readonly id: string;
  readonly rule: XmlElement;
}

/** What becomes of a message that arrives. */
export interface ArrivalPlan {
  readonly content: MessageContent;
  /** Where it goes; undefined: it is deleted for good. */
  readonly folder: SimulatedFolder | undefined;
  readonly copies: readonly SimulatedFolder[];
  readonly read: boolean;
  /** Addresses that get it as it is, and those that get it as a message of this mailbox. */
  readonly redirect: readonly string[];
  readonly forward: readonly string[];
}

/** The rules of one Inbox, in the order in which they are tried. */
export class RuleBook {
  readonly #mailbox: SimulatedMailbox;
  readonly #given: readonly InboxRule[];
  #rules: readonly KeptRule[];
  #last = 0;

  /** Folders that rules name and that are not there are made. */
  constructor(mailbox: SimulatedMailbox, rules: readonly InboxRule[]) {
    this.#mailbox = mailbox;
    this.#given = rules;
    this.#rules = this.#written();
  }

  get rules(): readonly KeptRule[] {
    return this.#rules;
  }

  newId(): string {
    this.#last += 1;
    return `AQAAAAAAA${this.#last.toString(36).padStart(4, '0')}`;
  }

  /** Puts other rules in the place of those that were there, by their priority. */
  replace(rules: readonly KeptRule[]): void {
    this.#rules = [...rules].sort((one, other) => priorityOf(one) - priorityOf(other));
  }

  /** The rules that it was made with, and the folders that they name. */
  reset(): void {
    this.#rules = this.#written();
  }

  #written(): readonly KeptRule[] {
    return this.#given.map((rule, at) => ({ id: this.newId(), rule: writeRule(rule, at + 1, this.#mailbox) }));
  }

  /** What the rules make of a message. */
  plan(content: MessageContent, at: Date): ArrivalPlan {
    let folder: SimulatedFolder | undefined = this.#mailbox.folder('inbox');
    if (this.#rules.length === 0) return { content, folder, copies: [], read: false, redirect: [], forward: [] };
    const own = [this.#mailbox.address, ...this.#mailbox.aliases];
    let changed = content;
    let read = false;
    const copies: SimulatedFolder[] = [];
    const [redirect, forward]: [string[], string[]] = [[], []];
    for (const { rule } of this.#rules) {
      const part = (name: string): XmlElement | undefined => child(rule, typesNs, name);
      const arriving: Arriving = { content: changed, own, at };
      if (!isTrue(part('IsEnabled')?.text)) continue;
      if (!applies(part('Conditions'), part('Exceptions'), arriving)) continue;
      const actions = part('Actions');
      const action = (name: string): XmlElement | undefined => child(actions, typesNs, name);
      const does = (name: string): boolean => isTrue(action(name)?.text);
      read ||= does('MarkAsRead');
      const categories = action('AssignCategories');
      if (categories !== undefined) changed = withCategories(changed, categories);
      const importance = action('MarkImportance')?.text;
      if (importance === 'Low' || importance === 'Normal' || importance === 'High') changed = { ...changed, importance };
      copies.push(...this.#folderOf(action('CopyToFolder')));
      redirect.push(...addressesIn(action('RedirectToRecipients')));
      forward.push(...addressesIn(action('ForwardToRecipients')));
      const [moved] = this.#folderOf(action('MoveToFolder'));
      folder = does('Delete') ? this.#mailbox.folder('deleteditems') : (moved ?? folder);
      if (does('PermanentDelete')) folder = undefined;
      if (folder === undefined || does('StopProcessingRules')) break;
    }
    return { content: changed, folder, copies, read, redirect, forward };
  }

  /** The folder that an action names, where it is still there. */
  #folderOf(action: XmlElement | undefined): readonly SimulatedFolder[] {
    const [id] = action?.children ?? [];
    const named = id?.attributes.get('Id') ?? '';
    const found =
      id?.name === 'DistinguishedFolderId'
        ? this.#mailbox.distinguished(named)
        : this.#mailbox.folders.find((one) => one.id === named);
    return found === undefined ? [] : [found];
  }
}

export function priorityOf({ rule }: KeptRule): number {
  return Number(child(rule, typesNs, 'Priority')?.text ?? '0');
}
