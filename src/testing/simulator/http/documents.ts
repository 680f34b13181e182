import { writeSchema, writeWsdl } from '../schema/wsdl.ts';
import type { FrontRequest, FrontResponse } from './front.ts';

const path = /^\/ews\/(services\.wsdl|messages\.xsd|types\.xsd)$/i;

export function isDocument(asked: string): boolean {
  return path.test(asked.split('?')[0] ?? '');
}

/**
 * The description of the service and its schemas, which Exchange gives to anybody who asks: undefined for any other path. `url`: where the
 * service lies.
 */
export function documentAt(request: FrontRequest, url: string): FrontResponse | undefined {
  const name = path.exec(request.path.split('?')[0] ?? '')?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, '', { allow: 'GET, HEAD' });
  return answer(200, request.method === 'HEAD' ? '' : written(name, url));
}

function written(name: string, url: string): string {
  if (name === 'services.wsdl') return writeWsdl(url);
  return writeSchema(name === 'messages.xsd' ? 'messages' : 'types');
}

function answer(status: number, body: string, more: Readonly<Record<string, string>> = {}): FrontResponse {
  return { kind: 'answer', status, headers: { 'content-type': 'text/xml; charset=utf-8', ...more }, body };
}
