import { escapeText } from '../../../../ews/xml/write.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { SimulatedItem } from '../../store/item.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import { readElement, textsOf } from '../../xml/written-element.ts';

/** Properties that an item keeps as elements of EWS, under whatever name Graph has for them: both doors see the same. */

/** Text of an element that an item keeps; undefined without one. */
export function textIn({ content }: Pick<SimulatedItem, 'content'>, name: string): string | undefined {
  const written = content.fields?.get(name);
  return written === undefined ? undefined : textsOf(written)[0];
}

/** Texts of its children. */
export function childrenTexts({ content }: Pick<SimulatedItem, 'content'>, name: string): readonly string[] {
  const written = content.fields?.get(name);
  return written === undefined ? [] : readElement(written).children.map(({ text }) => text);
}

/** An element with that text. */
export const textElement = (name: string, text: string): string => `<t:${name}>${escapeText(text)}</t:${name}>`;

/** Categories. */
export const stringsElement = (name: string, texts: readonly string[]): string =>
  `<t:${name}>${texts.map((text) => textElement('String', text)).join('')}</t:${name}>`;

/** Recipients. */
export const mailboxesElement = (name: string, mailboxes: readonly Mailbox[]): string =>
  `<t:${name}>${mailboxes.map((one) => writeMailbox(one)).join('')}</t:${name}>`;
