import { childrenOf, parseXml, type XmlElement } from '../xml/read.ts';
import { escapeText } from '../xml/write.ts';

/** What a service answered. */
export type Answer =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'redirect'; readonly to: string }
  /** The mailbox is known under another address. */
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'nothing'; readonly text: string };

const responseSchema = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a';

/** The question of the POX service: https://learn.microsoft.com/exchange/client-developer/web-service-reference/pox-autodiscover-request-for-exchange */
export function poxQuestion(address: string): string {
  return (
    '<?xml version="1.0" encoding="utf-8"?>' +
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"><Request>' +
    `<EMailAddress>${escapeText(address)}</EMailAddress>` +
    `<AcceptableResponseSchema>${responseSchema}</AcceptableResponseSchema></Request></Autodiscover>`
  );
}

/** Autodiscover v2: `{"Protocol":"EWS","Url":"https://…"}`. */
export function readJson(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) {
      const { Url: url, Protocol: protocol = 'EWS', ErrorCode: code } = value as Readonly<Record<string, unknown>>;
      if (typeof url === 'string' && String(protocol).toLowerCase() !== 'ews')
        return { kind: 'nothing', text: 'It answered for another protocol than EWS.' };
      if (typeof url === 'string') return { kind: 'url', url };
      if (typeof code === 'string') return { kind: 'nothing', text: `It answered with ${errorNamed(code)}.` };
    }
  } catch {
    // a page for people
  }
  return { kind: 'nothing', text: 'It is not the JSON of Autodiscover.' };
}

/** The service's own names of errors. A server could write anything in their place. */
function errorNamed(code: string): string {
  return /^([A-Z][a-z]{1,14}){1,5}$/.test(code) ? `the error ${code}` : 'an error';
}

/** The answer of the POX service. Of several protocols the one for clients outside the network counts, which works inside too. */
export function readPox(text: string): Answer {
  let root: XmlElement;
  try {
    // As in an answer of EWS, there may be blank lines before the declaration.
    root = parseXml(text.trimStart());
  } catch {
    return { kind: 'nothing', text: 'It is not the XML of Autodiscover.' };
  }
  const account = path(path(root, 'Response'), 'Account');
  const action = textIn(account, 'Action')?.toLowerCase();
  const address = textIn(account, 'RedirectAddr');
  const to = textIn(account, 'RedirectUrl');
  if (action === 'redirectaddr' && address !== undefined) return { kind: 'address', address };
  if (action === 'redirecturl' && to !== undefined) return { kind: 'redirect', to };
  const protocols = account === undefined ? [] : childrenOf(account, responseSchema, 'Protocol');
  for (const type of ['EXPR', 'EXCH', 'EXHTTP', 'WEB']) {
    for (const protocol of protocols.filter((one) => textIn(one, 'Type') === type)) {
      // The second is what Exchange 2007 and Microsoft's own example write: free/busy is asked of EWS too.
      const url = textIn(protocol, 'EwsUrl') ?? textIn(protocol, 'ASUrl');
      if (url !== undefined) return { kind: 'url', url };
    }
  }
  return { kind: 'nothing', text: 'It names no address of EWS.' };
}

function path(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element === undefined ? undefined : childrenOf(element, responseSchema, name)[0];
}

function textIn(element: XmlElement | undefined, name: string): string | undefined {
  const text = path(element, name)?.text.trim();
  return text === undefined || text === '' ? undefined : text;
}
