/** An EWS client whose requests are answered by a function in this process: for tests of requests, and of conclusions from responses. */
import type { Clock } from '../../../src/core/clock.ts';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsClient } from '../../../src/ews/client/client.ts';
import type { EwsServerVersion } from '../../../src/ews/options.ts';
import { type EwsSettings, settingsOf } from '../../../src/ews/settings.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import type { Answer, SeenRequest } from './server.ts';

export interface ByHand {
  readonly client: EwsClient;
  readonly settings: EwsSettings;
  /** The operations requested since the last call. */
  asked(): readonly string[];
}

/** @param answer `refused`: nothing listens there, so nothing was sent. `reset`: the connection broke after the request. */
export function answeredBy(
  answer: (request: Pick<SeenRequest, 'operation' | 'body'>) => Answer | 'refused' | 'reset',
  options: { readonly clock?: Clock; readonly serverVersion?: EwsServerVersion } = {},
): ByHand {
  const seen: string[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const body = String(init?.body);
    const operation = /<m:(\w+)/.exec(body)?.[1] ?? '';
    seen.push(operation);
    const given = answer({ operation, body });
    if (typeof given === 'string') {
      const code = given === 'reset' ? 'ECONNRESET' : 'ECONNREFUSED';
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
    }
    const { status = 200, body: text = '' } = given;
    return new Response(text, { status, headers: { 'content-type': 'text/xml; charset=utf-8' } });
  };
  const settings = settingsOf({
    url: 'https://mail.contoso.test/EWS/Exchange.asmx',
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'p' }),
    clock: hastyClock,
    ...options,
    fetch: fetch as typeof globalThis.fetch,
  });
  return { client: new EwsClient(settings), settings, asked: () => seen.splice(0) };
}
