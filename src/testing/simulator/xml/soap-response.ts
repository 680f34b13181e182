import { errorsNs, messagesNs, soapNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { escapeText } from '../../../ews/xml/write.ts';
import type { SimulatorProfile } from '../schema/profile.ts';
import { type EwsFault, textOfCode } from './ews-errors.ts';
import { omit } from './omit.ts';

/** One response message: what became of one item, id or folder of the request. */
export interface ResponseMessage {
  readonly responseClass: 'Success' | 'Warning' | 'Error';
  readonly code: string;
  readonly text?: string;
  readonly backOff?: number;
  /** What the operation adds behind the general part, as XML. */
  readonly content: string;
}

/** A response envelope with a message for each part of the request. */
export function writeResponse(profile: SimulatorProfile, operation: string, messages: readonly ResponseMessage[]): string {
  const written = messages.map((message) => writeMessage(operation, message)).join('');
  return writeEnvelope(
    profile,
    `<m:${operation}Response xmlns:m="${messagesNs}" xmlns:t="${typesNs}"><m:ResponseMessages>${written}</m:ResponseMessages></m:${operation}Response>`,
  );
}

/** A response envelope around a response element that is written by itself. */
export function writeWhole(
  profile: SimulatorProfile,
  { element, attributes = '', content }: { element: string; attributes?: string; content: string },
): string {
  return writeEnvelope(
    profile,
    `<m:${element} xmlns:m="${messagesNs}" xmlns:t="${typesNs}"${attributes}>${content}</m:${element}>`,
  );
}

/** What a server says that does not have an operation: no code, so that clients don't take it for a wrong version. */
export function writeUnsupported(profile: SimulatorProfile, text: string): string {
  return writeSoapFault(profile, 'Client', text);
}

function writeSoapFault(profile: SimulatorProfile, code: string, text: string): string {
  const fault = `<faultcode>s:${code}</faultcode><faultstring xml:lang="en-US">${escapeText(text)}</faultstring>`;
  return writeEnvelope(profile, `<s:Fault>${fault}</s:Fault>`);
}

/** A SOAP fault, in the form in which Exchange writes it; one of SOAP itself has no detail, since nothing of the body was looked at. */
export function writeFault(profile: SimulatorProfile, fault: EwsFault): string {
  if (fault.code === 'MustUnderstand') return writeSoapFault(profile, fault.code, fault.message);
  const code = escapeText(fault.code);
  const said =
    (fault.violation === undefined ? '' : `<t:Violation>${escapeText(fault.violation)}</t:Violation>`) +
    (fault.backOff === undefined ? '' : `<t:Value Name="BackOffMilliseconds">${fault.backOff}</t:Value>`);
  const xml = said === '' ? '' : `<t:MessageXml xmlns:t="${typesNs}">${said}</t:MessageXml>`;
  const text = escapeText(fault.message);
  return writeEnvelope(
    profile,
    `<s:Fault><faultcode xmlns:a="${typesNs}">a:${code}</faultcode><faultstring xml:lang="en-US">${text}</faultstring><detail>` +
      `<e:ResponseCode xmlns:e="${errorsNs}">${code}</e:ResponseCode><e:Message xmlns:e="${errorsNs}">${text}</e:Message>${xml}</detail></s:Fault>`,
  );
}

function writeMessage(operation: string, message: ResponseMessage): string {
  const name = `m:${operation}ResponseMessage`;
  const code = `<m:ResponseCode>${escapeText(message.code)}</m:ResponseCode>`;
  if (message.responseClass === 'Success') return `<${name} ResponseClass="Success">${code}${message.content}</${name}>`;
  const text = `<m:MessageText>${escapeText(message.text ?? textOfCode(message.code))}</m:MessageText>`;
  const backOff =
    message.backOff === undefined
      ? ''
      : `<m:MessageXml><t:Value Name="BackOffMilliseconds">${message.backOff}</t:Value></m:MessageXml>`;
  const general = `${text}${code}<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>${backOff}`;
  return `<${name} ResponseClass="${message.responseClass}">${general}${message.content}</${name}>`;
}

/** The envelope, with what the server says of its version. */
export function writeEnvelope(profile: SimulatorProfile, body: string): string {
  const document =
    `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${soapNs}"><s:Header>` +
    `${writeVersion(profile)}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
  return omit(document, profile.omits);
}

/** An envelope of a stream: Exchange binds its namespace without a prefix there, and ews-javascript-api looks for that. */
export function writeStreamEnvelope(profile: SimulatorProfile, body: string): string {
  const part = (name: string, content: string): string => `<soap11:${name} xmlns:soap11="${soapNs}">${content}</soap11:${name}>`;
  const document = `<Envelope xmlns="${soapNs}">${part('Header', writeVersion(profile))}${part('Body', body)}</Envelope>`;
  return omit(document, profile.omits);
}

function writeVersion({ build: [major, minor, build, revision], newestSchema }: SimulatorProfile): string {
  return (
    `<h:ServerVersionInfo MajorVersion="${major}" MinorVersion="${minor}" MajorBuildNumber="${build}" MinorBuildNumber="${revision}" ` +
    `Version="${newestSchema}" xmlns:h="${typesNs}"/>`
  );
}
