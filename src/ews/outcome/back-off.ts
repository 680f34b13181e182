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
  return positive(messageXmlValue(parent, 'BackOffMilliseconds'));
}

/** The Retry-After header in ms: seconds, or a date by the server's clock where it gave one. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return positive(`${value}000`);
  const wait = Date.parse(value) - (dateOf(headers) ?? now);
  return wait > 0 ? wait : undefined;
}

/** The server's own time, from the Date header. */
export function dateOf(headers: Headers): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}

function positive(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,15}$/.test(value)) return undefined;
  const number = Number(value);
  return number > 0 ? number : undefined;
}
