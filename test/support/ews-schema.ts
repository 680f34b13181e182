/**
 * Checks SOAP bodies against Microsoft's own schema, in a folder beside the repository. If that folder is missing, skip such
 * checks: use `describe.skipIf(!schemaAvailable)`; `validateBody` itself then reports nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { XmlDocument, XmlElement, XmlLibError, XmlValidateError, XsdValidator } from 'libxml2-wasm';
import { xmlRegisterFsInputProviders } from 'libxml2-wasm/lib/nodejs.mjs';

const schemaUrl = new URL('../../../shared/ews-schema/Messages.xsd', import.meta.url);
const soapNs = 'http://schemas.xmlsoap.org/soap/envelope/';

/** Whether Microsoft's schema exists beside the repository. */
export const schemaAvailable = existsSync(schemaUrl);

let compiled: XsdValidator | undefined;

function validator(): XsdValidator {
  if (compiled !== undefined) return compiled;
  xmlRegisterFsInputProviders();
  // From the url, libxml2 resolves the relative imports of Messages.xsd.
  using schema = XmlDocument.fromString(readFileSync(schemaUrl, 'utf8'), { url: fileURLToPath(schemaUrl) });
  compiled = XsdValidator.fromDoc(schema);
  return compiled;
}

/**
 * The errors of the child of soap:Body, by Microsoft's schema; empty if it is valid. That schema does not cover SOAP faults:
 * their detail is only checked to be well-formed.
 */
export function validateBody(xml: string): string[] {
  if (!schemaAvailable) return [];
  let document: XmlDocument;
  try {
    document = XmlDocument.fromString(xml);
  } catch (error) {
    return [`not well-formed: ${error instanceof Error ? error.message : String(error)}`];
  }
  try {
    const payload = document.get('/s:Envelope/s:Body/*', { s: soapNs });
    if (!(payload instanceof XmlElement)) return ['there is no element in soap:Body'];
    if (payload.name === 'Fault' && payload.namespaceUri === soapNs) return [];
    const types = 'http://schemas.microsoft.com/exchange/services/2006/types';
    const headers = document.find('/s:Envelope/s:Header/t:*', { s: soapNs, t: types });
    const errors: string[] = [];
    for (const element of [...headers, payload]) {
      if (!(element instanceof XmlElement)) continue;
      try {
        validator().validate(element);
      } catch (error) {
        if (error instanceof XmlValidateError) errors.push(...error.details.map((d) => d.message.trim()));
        else if (error instanceof XmlLibError) errors.push(error.message);
        else throw error;
      }
    }
    return errors;
  } finally {
    document.dispose();
  }
}

/** A request sent through {@link checkedFetch}. */
export interface RecordedRequest {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * A `fetch` that keeps every request and rejects, before sending, a body that the schema does not allow: pass it to the code
 * under test, and no test can send an invalid request unnoticed.
 */
export function checkedFetch(inner: typeof globalThis.fetch = globalThis.fetch): typeof globalThis.fetch & {
  readonly requests: readonly RecordedRequest[];
  readonly errors: readonly string[];
} {
  const requests: RecordedRequest[] = [];
  const errors: string[] = [];
  const checked = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const body = typeof init?.body === 'string' ? init.body : '';
    requests.push({ url: String(input), headers: new Headers(init?.headers), body });
    const found = body === '' ? [] : validateBody(body);
    if (found.length > 0) {
      errors.push(...found);
      throw new Error(`the request does not validate: ${found.join('; ')}`);
    }
    return inner(input, init);
  };
  return Object.assign(checked, { requests, errors });
}
