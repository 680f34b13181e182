import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { discoverEws } from '../../../src/ews/autodiscover/discover.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import { randomFrom } from '../../support/random.ts';
import { speltBytes } from '../support/spelt-bytes.ts';
import { poxAccount } from './fake-internet.ts';
import { type PoxFacts, poxDocument, poxError } from './pox-answers.ts';

const credentials = basicAuth({ username: 'alice', password: 'p' });
const runs = Number(process.env.OFFLINE_IM_RUNS ?? 60);
const first = Number(process.env.OFFLINE_IM_SEED ?? 1);

/** The result of discovery from a series of responses of the POX service: only autodiscover.contoso.test has one. */
async function discovered(answers: readonly string[], random: () => number) {
  const left = [...answers];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { host, pathname } = new URL(String(input));
    if (!host.startsWith('autodiscover.') || !pathname.endsWith('.xml') || init?.method !== 'POST')
      return new Response('', { status: 404 });
    const { bytes, contentType } = speltBytes(left.shift() ?? '', random);
    return new Response(bytes, { headers: { 'content-type': contentType } });
  };
  return discoverEws('alice@contoso.test', { credentials, fetch }).then(
    ({ url }) => url,
    (error: unknown) => error,
  );
}

/** The protocol for external clients takes precedence; the free/busy address belongs to EWS too. */
function expectedUrl({ protocols = [] }: PoxFacts): string | undefined {
  const inOrder = ['EXPR', 'EXCH', 'EXHTTP', 'WEB'].flatMap((type) => protocols.filter((one) => one.type === type));
  return inOrder.map(({ ews, availability }) => ews ?? availability).find((url) => url !== undefined);
}

function anyProtocols(random: () => number): PoxFacts {
  const url = (type: string, what: string): string | undefined =>
    pick(random, [`https://mail.contoso.test/${type}/${what}`, undefined]);
  const types = ['EXCH', 'EXPR', 'EXHTTP', 'WEB'].filter(() => random() < 0.6);
  return { protocols: types.map((type) => ({ type, ews: url(type, 'ews'), availability: url(type, 'as') })) };
}

const each = async (act: (random: () => number) => Promise<void>): Promise<void> => {
  for (let seed = first; seed < first + runs; seed++) {
    await act(randomFrom(seed)).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    });
  }
};

describe('a POX response with unexpected content', () => {
  it('yields the EWS address, or none', () =>
    each(async (random) => {
      const facts = anyProtocols(random);
      const found = await discovered([poxDocument(facts, random)], random);
      const expected = expectedUrl(facts);
      if (expected === undefined) expect(found).toMatchObject({ code: 'AUTODISCOVER_FAILED' });
      else expect(found).toBe(expected);
    }));

  it('may redirect to another address or server', () =>
    each(async (random) => {
      const settings = poxDocument({ protocols: [{ type: 'EXPR', ews: 'https://mail.contoso.test/EWS/Exchange.asmx' }] }, random);
      const leading = pick(random, [
        { redirectAddr: 'a.example@contoso.test' },
        { redirectUrl: 'https://autodiscover.contoso.test/other/autodiscover.xml' },
      ]);
      expect(await discovered([poxDocument(leading, random), settings], random)).toBe(
        'https://mail.contoso.test/EWS/Exchange.asmx',
      );
    }));

  it('may be an error, none of whose text is repeated', () =>
    each(async (random) => {
      const error = await discovered([poxError(pick(random, ['500', '501', '600', '601', '603']), random)], random);
      expect(error).toMatchObject({ code: 'AUTODISCOVER_FAILED' });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('Zq7');
    }));
});

it('a POX response with only a free/busy address yields that: Exchange 2007 and the documented example have no EwsUrl', async () => {
  const { body = '' } = poxAccount(
    '<Action>settings</Action><Protocol><Type>EXCH</Type><ASUrl>https://mail.contoso.test/ews/exchange.asmx</ASUrl></Protocol>',
  ) as { body?: string };
  expect(await discovered([body], () => 0)).toBe('https://mail.contoso.test/ews/exchange.asmx');
});
