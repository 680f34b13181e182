/** The WSDL of the service: generated from our grammar, judged by libxml2 and by the messages of real clients and a real server. */
import { readdirSync, readFileSync } from 'node:fs';
import { XmlDocument, XmlElement, XmlValidateError, XsdValidator, xmlRegisterInputProvider } from 'libxml2-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../../src/testing.ts';
import { schemaAvailable, validateBody } from '../../../support/ews-schema.ts';
import { recordedRequests } from '../../support/recorded-clients.ts';

const soapNs = 'http://schemas.xmlsoap.org/soap/envelope/';
const documents = new Map<string, string>();
let validator: XsdValidator;

beforeAll(async () => {
  await using exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test'] });
  // Without a login and in any case, as node-ews requests it.
  for (const name of ['services.wsdl', 'messages.xsd', 'types.xsd']) {
    for (const path of [`/ews/${name}`, `/EWS/${name[0]?.toUpperCase()}${name.slice(1)}?from=here`]) {
      const response = await fetch(new URL(path, exchange.url));
      expect([path, response.status]).toEqual([path, 200]);
      documents.set(name, await response.text());
    }
  }
  expect((await fetch(new URL('/ews/services.wsdl', exchange.url), { method: 'POST' })).status).toBe(405);
  expect((await fetch(new URL('/ews/other.xsd', exchange.url))).status).toBe(404);
  validator = compile();
});

/** The schemas, read by libxml2 from memory. */
function compile(): XsdValidator {
  const bytes = new Map<number, { readonly data: Uint8Array; at: number }>();
  xmlRegisterInputProvider({
    match: (name) => name.endsWith('types.xsd') && name.startsWith('memory:'),
    open: (name) => {
      const fd = bytes.size + 1;
      bytes.set(fd, { data: new TextEncoder().encode(documents.get(name.split('/').at(-1) ?? '') ?? ''), at: 0 });
      return fd;
    },
    read: (fd, buffer) => {
      const file = bytes.get(fd);
      if (file === undefined) return -1;
      const part = file.data.subarray(file.at, file.at + buffer.byteLength);
      buffer.set(part);
      file.at += part.byteLength;
      return part.byteLength;
    },
    close: () => true,
  });
  using schema = XmlDocument.fromString(documents.get('messages.xsd') ?? '', { url: 'memory:/ews/messages.xsd' });
  return XsdValidator.fromDoc(schema);
}

/** The errors that our schema finds in the child of soap:Body. */
function violations(xml: string): readonly string[] {
  using document = XmlDocument.fromString(xml);
  const payload = document.get('/s:Envelope/s:Body/*', { s: soapNs });
  if (!(payload instanceof XmlElement) || payload.namespaceUri === soapNs) return [];
  try {
    validator.validate(payload);
    return [];
  } catch (error) {
    if (error instanceof XmlValidateError) return error.details.map(({ message }) => message.trim());
    throw error;
  }
}

describe('the schemas', () => {
  // Proxies name their classes by them: code for one description has to compile with the other.
  it('name no type that the schemas of Microsoft leave without a name, and a list by the type of its values', () => {
    for (const name of ['messages.xsd', 'types.xsd']) expect(documents.get(name)).not.toMatch(/Anonymous\d/);
    const types = documents.get('types.xsd') ?? '';
    expect(types).toContain(
      '<xs:element name="RequestServerVersion"><xs:complexType><xs:attribute name="Version" use="required"',
    );
    // A choice of one: .NET calls its member Item.
    expect(/<xs:complexType name="SingleRecipientType">(<xs:\w+>)/.exec(types)?.[1]).toBe('<xs:choice>');
    // gSOAP compiles nothing where a list is of a restriction of that type.
    expect(types).toContain('<xs:simpleType name="DaysOfWeekType"><xs:list itemType="t:DayOfWeekType"/></xs:simpleType>');
  });

  it('accept exactly those client requests that the schemas of Microsoft accept', () => {
    for (const { client, file, body } of recordedRequests()) {
      const [ours, theirs] = [violations(body), validateBody(body)];
      if (schemaAvailable) expect([client, file, ours.length > 0]).toEqual([client, file, theirs.length > 0]);
    }
  });

  it('judge responses of a real server as the schemas of Microsoft do', () => {
    const folder = new URL('../../../recordings/server/', import.meta.url);
    let judged = 0;
    for (const file of readdirSync(folder)) {
      const { response } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as { response: { body: string } };
      if (!schemaAvailable || !/^\s*<(?:\?xml|\w+:Envelope)/.test(response.body) || /Envelope>\s*</.test(response.body)) continue;
      judged += 1;
      expect([file, violations(response.body).length > 0]).toEqual([file, validateBody(response.body).length > 0]);
    }
    if (schemaAvailable) expect(judged).toBeGreaterThan(50);
  });
});

describe('the WSDL', () => {
  it('is well-formed, has every operation whose response the schema knows, and the address of this server', () => {
    using document = XmlDocument.fromString(documents.get('services.wsdl') ?? '');
    const names = { w: 'http://schemas.xmlsoap.org/wsdl/', s: 'http://schemas.xmlsoap.org/wsdl/soap/' };
    expect(document.find('//w:portType/w:operation', names).length).toBe(126);
    expect(document.find('//w:binding/w:operation/s:operation', names).length).toBe(126);
    expect(document.find('//s:address', names).length).toBe(1);
    expect(documents.get('services.wsdl')).toMatch(/<soap:address location="http:\/\/127\.0\.0\.1:\d+\/EWS\/Exchange\.asmx"\/>/);
  });
});
