import { positiveMs } from '../../transport/retry-after.ts';
import { messagesNs, typesNs } from '../xml/namespaces.ts';
import { child, childrenOf, type XmlElement } from '../xml/read.ts';

/**
 * A value that the server wrote into MessageXml: in the types namespace inside a SOAP fault, in the messages namespace
 * inside a response message.
 */
export function messageXmlValue(parent: XmlElement, name: string): string | undefined {
  for (const ns of [typesNs, messagesNs]) {
    const values = childrenOf(child(parent, ns, 'MessageXml'), typesNs, 'Value');
    const value = values.find((v) => v.attributes.get('Name') === name);
    if (value !== undefined) return value.text.trim();
  }
  return undefined;
}

/** How long the server wants to be left alone, in ms. 0 means that it gives no hint. */
export function backOffOf(parent: XmlElement): number | undefined {
  return positiveMs(messageXmlValue(parent, 'BackOffMilliseconds'));
}
