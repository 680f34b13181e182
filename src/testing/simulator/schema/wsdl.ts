import { messagesNs, typesNs } from '../../../ews/xml/namespaces.ts';
import { escapeAttribute } from '../../../ews/xml/write.ts';
import { isSchemaOperation, operationOf } from './operations.ts';
import { globalElements } from './xsd.ts';

export { writeSchema } from './xsd.ts';

/** Headers that a request may have, and the one that every answer has. */
export const requestHeaders: readonly string[] = [
  'RequestServerVersion',
  'ExchangeImpersonation',
  'MailboxCulture',
  'TimeZoneContext',
  'DateTimePrecision',
  'ManagementRole',
];
const answerHeader = 'ServerVersionInfo';

interface Described {
  readonly name: string;
  readonly request: string;
  readonly response: string;
}

/** Every operation whose request and answer the schema has. */
function describedOperations(): readonly Described[] {
  const elements = globalElements();
  const found: Described[] = [];
  for (const element of elements.keys()) {
    if (!element.startsWith('m:')) continue;
    const name = operationOf(element.slice(2));
    const response = `m:${name}Response`;
    if (isSchemaOperation(name) && elements.has(response)) found.push({ name, request: element, response });
  }
  return found.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** A description of the service that lies at that address, for clients that read one: document/literal, over the schemas beside it. */
export function writeWsdl(address: string): string {
  const operations = describedOperations();
  const known = globalElements();
  const headers = requestHeaders.filter((name) => known.has(`t:${name}`));
  const part = (name: string, element: string): string => `<wsdl:part name="${name}" element="${element}"/>`;
  const messages = operations.map(
    ({ name, request, response }) =>
      `<wsdl:message name="${name}SoapIn">${part('request', request)}${headers.map((one) => part(one, `t:${one}`)).join('')}</wsdl:message>` +
      `<wsdl:message name="${name}SoapOut">${part(`${name}Result`, response)}${part(answerHeader, `t:${answerHeader}`)}</wsdl:message>`,
  );
  const ports = operations.map(
    ({ name }) =>
      `<wsdl:operation name="${name}"><wsdl:input message="tns:${name}SoapIn"/><wsdl:output message="tns:${name}SoapOut"/></wsdl:operation>`,
  );
  const bindings = operations.map(({ name }) => {
    const header = (message: string, one: string): string =>
      `<soap:header message="tns:${name}${message}" part="${one}" use="literal"/>`;
    const input = `<wsdl:input>${headers.map((one) => header('SoapIn', one)).join('')}<soap:body parts="request" use="literal"/></wsdl:input>`;
    const output = `<wsdl:output><soap:body parts="${name}Result" use="literal"/>${header('SoapOut', answerHeader)}</wsdl:output>`;
    return `<wsdl:operation name="${name}"><soap:operation soapAction="${messagesNs}/${name}"/>${input}${output}</wsdl:operation>`;
  });
  const schemas = `<xs:schema><xs:import namespace="${messagesNs}" schemaLocation="messages.xsd"/></xs:schema>`;
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" ' +
      `xmlns:tns="${messagesNs}" xmlns:m="${messagesNs}" xmlns:t="${typesNs}" targetNamespace="${messagesNs}">`,
    `<wsdl:types>${schemas}</wsdl:types>`,
    ...messages,
    `<wsdl:portType name="ExchangeServicePortType">${ports.join('\n')}</wsdl:portType>`,
    '<wsdl:binding name="ExchangeServiceBinding" type="tns:ExchangeServicePortType"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>',
    ...bindings,
    '</wsdl:binding>',
    `<wsdl:service name="ExchangeServices"><wsdl:port name="ExchangeServicePort" binding="tns:ExchangeServiceBinding"><soap:address location="${escapeAttribute(address)}"/></wsdl:port></wsdl:service>`,
    '</wsdl:definitions>',
    '',
  ].join('\n');
}
