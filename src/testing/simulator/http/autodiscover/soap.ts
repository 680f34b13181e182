import { soapNs } from '../../../../ews/xml/namespaces.ts';
import { child, childrenOf, parseXml, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { escapeText } from '../../../../ews/xml/write.ts';
import type { Exchange } from '../../exchange.ts';
import { discovered } from './settings.ts';

const ns = 'http://schemas.microsoft.com/exchange/2010/Autodiscover';
const addressingNs = 'http://www.w3.org/2005/08/addressing';
const instanceNs = 'http://www.w3.org/2001/XMLSchema-instance';

/** What the SOAP service answers. */
export interface SoapAnswer {
  readonly status: number;
  readonly body: string;
}

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/soap-autodiscover-web-service-reference-for-exchange */
export function answerSoap(body: string, exchange: Exchange, url: string): SoapAnswer {
  let envelope: XmlElement;
  try {
    envelope = parseXml(body);
  } catch {
    return fault('The request is not well-formed XML.');
  }
  const message = child(envelope, soapNs, 'Body')?.children[0];
  const request = message && child(message, ns, 'Request');
  if (message === undefined || message.ns !== ns) return fault('The request has no message of Autodiscover.');
  if (request === undefined) return answer(exchange, message.name, error('InvalidRequest', 'The request is empty.'));
  switch (message.name) {
    case 'GetUserSettingsRequestMessage':
      return answer(exchange, message.name, userSettings(request, exchange, url));
    case 'GetDomainSettingsRequestMessage':
      return answer(exchange, message.name, domainSettings(request, exchange, url));
    default:
      return fault(`The operation of ${message.name} is not simulated.`);
  }
}

function userSettings(request: XmlElement, exchange: Exchange, url: string): string {
  const addresses = childrenOf(child(request, ns, 'Users'), ns, 'User').map((user) => textOf(user, ns, 'Mailbox') ?? '');
  const wanted = childrenOf(child(request, ns, 'RequestedSettings'), ns, 'Setting').map(({ text }) => text.trim());
  if (addresses.length === 0 || wanted.length === 0) return error('InvalidRequest', 'The request names no user or no setting.');
  const responses = addresses.map((address) => {
    const found = discovered(exchange, address, url);
    if (found === undefined) return `<UserResponse>${error('InvalidUser', `Invalid user: '${address}'`)}</UserResponse>`;
    return `<UserResponse>${error('NoError', '')}<RedirectTarget i:nil="true"/>${settingsOf('User', found.settings, wanted)}</UserResponse>`;
  });
  return `${error('NoError', '')}<UserResponses>${responses.join('')}</UserResponses>`;
}

function domainSettings(request: XmlElement, exchange: Exchange, url: string): string {
  const domains = childrenOf(child(request, ns, 'Domains'), ns, 'Domain').map(({ text }) => text.trim());
  const wanted = childrenOf(child(request, ns, 'RequestedSettings'), ns, 'Setting').map(({ text }) => text.trim());
  if (domains.length === 0 || wanted.length === 0) return error('InvalidRequest', 'The request names no domain or no setting.');
  const settings = { ExternalEwsUrl: url, ExternalEwsVersion: exchange.profile.build.join('.') };
  const responses = domains.map((domain) => {
    if (!exchange.isInside(`postmaster@${domain}`)) {
      return `<DomainResponse>${error('InvalidDomain', `Invalid domain: '${domain}'`)}</DomainResponse>`;
    }
    return `<DomainResponse>${settingsOf('Domain', settings, wanted)}${error('NoError', '')}<RedirectTarget i:nil="true"/></DomainResponse>`;
  });
  return `${error('NoError', '')}<DomainResponses>${responses.join('')}</DomainResponses>`;
}

/** What was asked for and is there, and an error for each setting that is not. */
function settingsOf(of: 'User' | 'Domain', settings: Readonly<Record<string, string>>, wanted: readonly string[]): string {
  const has = (name: string): boolean => Object.hasOwn(settings, name);
  const errors = wanted
    .filter((name) => !has(name))
    .map((name) => {
      const why = `${error('SettingIsNotAvailable', `The setting ${name} is not simulated.`)}<SettingName>${escapeText(name)}</SettingName>`;
      return `<${of}SettingError>${why}</${of}SettingError>`;
    });
  const values = wanted.filter(has).map((name) => {
    const value = `<Name>${name}</Name><Value>${escapeText(settings[name] ?? '')}</Value>`;
    return `<${of}Setting i:type="${of === 'User' ? 'StringSetting' : 'DomainStringSetting'}">${value}</${of}Setting>`;
  });
  return `<${of}SettingErrors>${errors.join('')}</${of}SettingErrors><${of}Settings>${values.join('')}</${of}Settings>`;
}

function error(code: string, message: string): string {
  return `<ErrorCode>${code}</ErrorCode><ErrorMessage>${escapeText(message === '' ? 'No error.' : message)}</ErrorMessage>`;
}

function answer({ profile }: Exchange, request: string, response: string): SoapAnswer {
  const operation = request.replace(/RequestMessage$/, '');
  const [major, minor, build, revision] = profile.build;
  const version =
    `<h:ServerVersionInfo xmlns:h="${ns}"><h:MajorVersion>${major}</h:MajorVersion><h:MinorVersion>${minor}</h:MinorVersion>` +
    `<h:MajorBuildNumber>${build}</h:MajorBuildNumber><h:MinorBuildNumber>${revision}</h:MinorBuildNumber><h:Version>Exchange2015</h:Version></h:ServerVersionInfo>`;
  const header = `<a:Action s:mustUnderstand="1">${ns}/Autodiscover/${operation}Response</a:Action>${version}`;
  const message = `<${operation}ResponseMessage xmlns="${ns}"><Response xmlns:i="${instanceNs}">${response}</Response></${operation}ResponseMessage>`;
  return { status: 200, body: envelopeOf(header, message) };
}

function fault(text: string): SoapAnswer {
  const body = `<s:Fault><faultcode>s:Client</faultcode><faultstring xml:lang="en-US">${escapeText(text)}</faultstring></s:Fault>`;
  return { status: 500, body: envelopeOf('', body) };
}

function envelopeOf(header: string, body: string): string {
  return (
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${soapNs}" xmlns:a="${addressingNs}">` +
    `<s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}
