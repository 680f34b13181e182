import type { Exchange } from '../../exchange.ts';
import type { FrontRequest, FrontResponse } from '../front.ts';

const path = /^\/autodiscover\/autodiscover\.json(?:\/v1\.0\/([^/]*))?\/?$/i;

/** Autodiscover v2, which asks for no login: `GET /autodiscover/autodiscover.json/v1.0/<address>?Protocol=EWS`, or with `?Email=`. */
export function answerJson(request: FrontRequest, exchange: Exchange, url: string): FrontResponse | undefined {
  const { pathname, searchParams } = new URL(request.path, 'http://autodiscover');
  const found = path.exec(pathname);
  if (found === null) return undefined;
  if (request.method !== 'GET') return json(405, error('MethodNotAllowed', 'Ask with GET.'), { allow: 'GET' });
  const query = new Map([...searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const address = decoded(found[1]) ?? query.get('email') ?? '';
  const protocol = query.get('protocol') ?? '';
  if (address === '' || !address.includes('@')) {
    return json(400, error('MandatoryParameterMissing', "A valid smtp address must be provided for the parameter 'Email'"));
  }
  if (protocol === '') {
    return json(400, error('MandatoryParameterMissing', "A valid value must be provided for the query parameter 'Protocol'"));
  }
  const origin = new URL(url).origin;
  const urls: Readonly<Record<string, string>> = {
    ews: url,
    rest: `${origin}/v1.0`,
    autodiscoverv1: `${origin}/autodiscover/autodiscover.xml`,
  };
  const known = urls[protocol.toLowerCase()];
  if (known === undefined) {
    return json(
      400,
      error(
        'InvalidProtocol',
        `The given protocol value '${protocol}' is invalid. Supported values are 'AutodiscoverV1,Ews,Rest'`,
      ),
    );
  }
  if (exchange.recipient(address) === undefined) return json(404, error('UserNotFound', `The given user isn't found.`));
  return json(200, { Protocol: protocol, Url: known });
}

function error(code: string, message: string): Readonly<Record<string, string>> {
  return { ErrorCode: code, ErrorMessage: message };
}

function json(status: number, value: unknown, more: Readonly<Record<string, string>> = {}): FrontResponse {
  const headers = { 'content-type': 'application/json; charset=utf-8', ...more };
  return { kind: 'answer', status, headers, body: JSON.stringify(value) };
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined || part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
