import { childrenOf, parseXml, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { Exchange } from '../../exchange.ts';
import { discovered } from './settings.ts';

const requestNs = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006';
const answerNs = 'http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a';
const envelopeNs = 'http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006';

/** Plain XML: https://learn.microsoft.com/exchange/client-developer/web-service-reference/pox-autodiscover-web-service-reference-for-exchange */
export function answerPox(body: string, exchange: Exchange, url: string): string {
  const asked = read(body);
  const address = asked?.get('emailaddress') ?? '';
  if (asked === undefined || address === '') return failed(exchange, '600', 'Invalid Request');
  if (asked.get('acceptableresponseschema') !== answerNs) return failed(exchange, '601', 'Provider is not available');
  const found = discovered(exchange, address, url);
  if (found === undefined)
    return inside(`<Response xmlns="${answerNs}">${error(exchange, '500', "The email address can't be found.")}</Response>`);
  const { settings } = found;
  const text = (element: string, value: string | undefined): string => `<${element}>${escapeText(value ?? '')}</${element}>`;
  const server = text('Server', settings.InternalMailboxServer);
  const urls = ['ASUrl', 'OOFUrl', 'EwsUrl'].map((name) => text(name, url)).join('');
  const user =
    text('DisplayName', settings.UserDisplayName) +
    text('LegacyDN', settings.UserDN) +
    text('AutoDiscoverSMTPAddress', settings.AutoDiscoverSMTPAddress) +
    text('DeploymentId', settings.UserDeploymentId);
  const protocols = [
    `<Type>EXCH</Type>${server}${text('ServerVersion', versionOf(exchange))}${urls}`,
    `<Type>EXPR</Type>${server}<SSL>${url.startsWith('https:') ? 'On' : 'Off'}</SSL><AuthPackage>Ntlm</AuthPackage>${urls}`,
  ].map((inner) => `<Protocol>${inner}</Protocol>`);
  const account = `<AccountType>email</AccountType><Action>settings</Action><MicrosoftOnline>False</MicrosoftOnline>${protocols.join('')}`;
  return inside(`<Response xmlns="${answerNs}"><User>${user}</User><Account>${account}</Account></Response>`);
}

/** Texts of the request, by the names of their elements in lower case; undefined when it is none. */
function read(body: string): ReadonlyMap<string, string> | undefined {
  let root: XmlElement;
  try {
    root = parseXml(body);
  } catch {
    return undefined;
  }
  const request = root.name === 'Autodiscover' ? childrenOf(root, requestNs, 'Request')[0] : undefined;
  return request && new Map(request.children.map(({ name, text }) => [name.toLowerCase(), text.trim()]));
}

/** Minor versions in hexadecimal words, as Outlook reads them. */
function versionOf({ profile: { build } }: Exchange): string {
  const [major, minor, number] = build;
  return `7${major.toString(16).padStart(3, '0')}${(0x8000 + minor * 256 + (number & 0xff)).toString(16)}`.toUpperCase();
}

function failed(exchange: Exchange, code: string, message: string): string {
  return inside(`<Response>${error(exchange, code, message)}</Response>`);
}

function error({ registry }: Exchange, code: string, message: string): string {
  const time = registry.now().toISOString().slice(11, 23);
  return `<Error Time="${time}" Id="1"><ErrorCode>${code}</ErrorCode><Message>${message}</Message><DebugData/></Error>`;
}

function inside(response: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="${envelopeNs}">${response}</Autodiscover>`;
}
