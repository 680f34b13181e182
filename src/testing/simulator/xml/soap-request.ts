import { messagesNs, soapNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { readEnvelope } from '../../../ews/xml/tree.ts';
import { isSchemaOperation, operationOf } from '../schema/operations.ts';
import { type SchemaVersion, type SimulatorProfile, schemaVersions } from '../schema/profile.ts';
import { inZoneOf } from '../schema/time-zones/in-zone-of.ts';
import { requestHeaders } from '../schema/wsdl.ts';
import { EwsFault } from './ews-errors.ts';
import { isTime } from './written-element.ts';

/** A request that can be carried out. */
interface EwsRequest {
  readonly operation: string;
  readonly element: XmlElement;
  /** What the client asked for with `RequestServerVersion`. */
  readonly version: SchemaVersion;
  /** Address in `t:ExchangeImpersonation`. */
  readonly impersonate: string | undefined;
}

/** What could be read of a request: its operation is known even when the rest is refused. */
export interface ReadRequest {
  readonly operation: string;
  readonly element: XmlElement | undefined;
  /** Address in `t:ExchangeImpersonation`. */
  readonly impersonate: string | undefined;
  /** Makes the request, or throws the fault it deserves. */
  request(profile: SimulatorProfile): EwsRequest;
}

/** Reads a SOAP envelope. Never throws. */
export function readRequest(body: string): ReadRequest {
  let envelope: XmlElement;
  try {
    envelope = readEnvelope(body);
  } catch {
    return unreadable('the request is not well-formed XML.');
  }
  if (envelope.ns !== soapNs || envelope.name !== 'Envelope') return unreadable('the root element is not a SOAP envelope.');
  const [asked, second] = child(envelope, soapNs, 'Body')?.children ?? [];
  if (asked === undefined) return unreadable('soap:Body has no element.');
  if (second !== undefined) return unreadable(`soap:Body has a second element, '${second.name}'; a request has one operation.`);
  const header = child(envelope, soapNs, 'Header');
  // Most requests name no zone, and need not be gone through for one.
  const zoned = body.includes('TimeZone') ? inZoneOf(header, asked, isTime) : asked;
  const element = zoned ?? asked;
  return {
    operation: operationOf(element.name),
    element,
    impersonate: impersonated(header),
    request: (profile) => {
      if (body.includes('mustUnderstand')) requireUnderstood(body);
      const name = operationOf(element.name);
      if (element.ns !== messagesNs || !isSchemaOperation(name)) {
        throw new EwsFault('ErrorInvalidRequest', `The operation ${element.name} is not known.`);
      }
      if (impersonatedBySid(header)) throw new EwsFault('ErrorInvalidUserSid', 'No account here has a SID; name an address.');
      if (zoned === undefined) throw new EwsFault('ErrorTimeZone', 'The time zone of TimeZoneContext is not known.');
      return { operation: name, element, version: versionOf(header, profile), impersonate: impersonated(header) };
    },
  };
}

/**
 * The fault for a header that has to be understood, and is none of EWS (SOAP 1.1, 4.2.3), in the words of WCF. Headers for another actor are not for this server. The
 * reader leaves attributes with a prefix out, so that these two get another name first.
 */
function requireUnderstood(body: string): void {
  let envelope: XmlElement;
  try {
    envelope = readEnvelope(body.replaceAll(/(\s)[\w.-]+:(mustUnderstand|actor)(?=\s*=)/g, '$1soap-$2'));
  } catch {
    return; // one of SOAP's beside another of that name: rarer than is worth a reader of its own
  }
  const unknown = child(envelope, soapNs, 'Header')?.children.find(({ ns, name, attributes }) => {
    const wanted = ['1', 'true'].includes(attributes.get('soap-mustUnderstand')?.trim() ?? '');
    const here = ['', 'http://schemas.xmlsoap.org/soap/actor/next'].includes(attributes.get('soap-actor')?.trim() ?? '');
    return wanted && here && !(ns === typesNs && understood.has(name));
  });
  if (unknown === undefined) return;
  const what = `The header '${unknown.name}' from the namespace '${unknown.ns}'`;
  throw new EwsFault(
    'MustUnderstand',
    `${what} was not understood by the recipient of this message, causing the message to not be processed.`,
  );
}

/** Headers that EWS understands: those of every client, and those between servers, by which types.xsd has them. */
const understood: ReadonlySet<string> = new Set([
  ...requestHeaders,
  'SerializedSecurityContext',
  'OpenAsAdminOrSystemService',
  'ProxySecurityContext',
  'ProxySuggesterSid',
  'ProxyPartnerToken',
]);

/** The fault of a request that the schema does not allow. */
export function schemaFault(what: string): EwsFault {
  return new EwsFault('ErrorSchemaValidation', `The request failed schema validation: ${what}`, { violation: what });
}

function unreadable(what: string): ReadRequest {
  return {
    operation: '',
    element: undefined,
    impersonate: undefined,
    request: () => {
      throw schemaFault(what);
    },
  };
}

function versionOf(header: XmlElement | undefined, profile: SimulatorProfile): SchemaVersion {
  const asked = child(header, typesNs, 'RequestServerVersion')?.attributes.get('Version');
  if (asked === undefined) return profile.newestSchema;
  const known = schemaVersions.find((version) => version === asked);
  const newest = schemaVersions.indexOf(profile.newestSchema);
  // Dated names (V2017_04_14) came after the last numbered one.
  if (/^V\d{4}_/.test(asked) && newest === schemaVersions.length - 1) return profile.newestSchema;
  if (known === undefined || schemaVersions.indexOf(known) > newest) throw new EwsFault('ErrorInvalidServerVersion');
  return known;
}

/** Nobody may act as oneself because the account that is meant was not looked at. */
function impersonatedBySid(header: XmlElement | undefined): boolean {
  const sid = child(child(header, typesNs, 'ExchangeImpersonation'), typesNs, 'ConnectingSID');
  return impersonated(header) === undefined && child(sid, typesNs, 'SID') !== undefined;
}

function impersonated(header: XmlElement | undefined): string | undefined {
  const sid = child(child(header, typesNs, 'ExchangeImpersonation'), typesNs, 'ConnectingSID');
  return (
    textOf(sid, typesNs, 'PrimarySmtpAddress') ?? textOf(sid, typesNs, 'SmtpAddress') ?? textOf(sid, typesNs, 'PrincipalName')
  );
}
