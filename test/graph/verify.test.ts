/** verify(): rejects if something prevents sending, and resolves with what cannot be promised. */
import { describe, expect, it } from 'vitest';
import { type Answer, canned, graphError, nothing } from './support/canned.ts';

const alice = { address: 'alice@contoso.test' };
const options = { signal: new AbortController().signal };

function jwt(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
}

function limitsWith(token: string, answer: Answer = nothing): Promise<readonly string[]> {
  const { transport } = canned(() => answer, { credential: async () => ({ token }) });
  return transport.verify(alice, options).then(({ limits }) => limits.map(({ code, text }) => `${code} ${permissionIn(text)}`));
}

/** The first permission that a limit names. */
function permissionIn(text: string): string {
  return /Mail\.\w+/.exec(text)?.[0] ?? 'none';
}

const read = 'PERMISSION_MISSING Mail.Read';
const send = 'PERMISSION_MISSING Mail.Send';
const write = 'PERMISSION_MISSING Mail.ReadWrite';

describe('the limits', () => {
  const everything = jwt({ roles: ['Mail.Send', 'Mail.ReadWrite', 'Mail.Read'] });
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ['an application with all of it', everything, []],
    ['a user with all of it', jwt({ scp: 'openid Mail.Send Mail.ReadWrite' }), []],
    ['shared mailboxes', jwt({ scp: 'Mail.Send.Shared Mail.ReadWrite.Shared' }), []],
    ['names in another case', jwt({ roles: ['mail.send', 'MAIL.READWRITE'] }), []],
    ['no Mail.Send', jwt({ roles: ['Mail.ReadWrite'] }), [send]],
    ['Mail.Send alone', jwt({ roles: ['Mail.Send'] }), [write]],
    ['nothing, as with RBAC for Applications', jwt({ roles: [] }), [send, write]],
    ['no claims about it', jwt({}), [send, write]],
    ['odd claims', jwt({ roles: { Mail: 1 }, scp: ['Mail.Send'], __proto__: null }), [send, write]],
    ['claims that are no object', jwt('Mail.Send'), [send, write]],
    ['an opaque token', 'EwBwA8l6BAAU', [send, write]],
    ['a token of dots', 'a.b.c', [send, write]],
  ];
  it.each(rows)('%s', async (_, token, expected) => {
    expect(await limitsWith(token)).toEqual(expected);
  });

  it('include a refused search: notes that may have been sent cannot be probed', async () => {
    const { transport, asked } = canned(() => graphError(403, 'ErrorAccessDenied'), {
      credential: async () => ({ token: jwt({ roles: ['Mail.Send'] }) }),
    });
    const { limits } = await transport.verify(alice, options);
    expect(limits.map(({ code, text }) => `${code} ${permissionIn(text)}`)).toEqual([read, write]);
    expect(limits[0]?.text).toContain('OUTCOME_UNKNOWN');
    // The same search as a probe.
    expect(asked[0]?.query.get('$filter')).toMatch(/^singleValueExtendedProperties\/Any\(.*OfflineImTag/);
  });

  it('say that a policy may keep the login out, where its token has the permission that is refused', async () => {
    const { transport } = canned(() => graphError(403, 'ErrorAccessDenied', { message: 'Access to OData is disabled.' }), {
      credential: async () => ({ token: everything }),
    });
    const { limits } = await transport.verify(alice, options);
    expect(limits.map(({ text }) => text)).toEqual([expect.stringContaining('application access policy')]);
  });

  it('include Sent Items that the login is not shown', async () => {
    const { transport } = canned(() => graphError(404, 'ErrorFolderNotFound'), {
      credential: async () => ({ token: everything }),
    });
    const { limits } = await transport.verify(alice, options);
    expect(limits.map(({ text }) => text)).toEqual([expect.stringContaining('cannot see Sent Items')]);
  });
});

describe('it rejects for', () => {
  const rows: readonly (readonly [string, Answer, object])[] = [
    ['a token that is refused', graphError(401, 'InvalidAuthenticationToken'), { code: 'AUTHENTICATION_FAILED' }],
    ['a user that is not there', graphError(404, 'ErrorInvalidUser'), { details: { responseCode: 'ErrorInvalidUser' } }],
    ['a mailbox on-premises', graphError(404, 'MailboxNotEnabledForRESTAPI'), { code: 'GRAPH_ERROR' }],
    ['a service that is down', { status: 503 }, { code: 'HTTP_STATUS' }],
    ['a page', { text: '<!doctype html>' }, { code: 'RESPONSE_UNREADABLE' }],
    ['something else', { json: { value: 'none' } }, { code: 'HTTP_STATUS' }],
  ];
  it.each(rows)('%s', async (_, answer, expected) => {
    const { transport } = canned(() => answer);
    await expect(transport.verify(alice, options)).rejects.toMatchObject(expected);
  });

  it('a failing credential, without repeating its error', async () => {
    const { transport, asked } = canned(() => nothing, {
      credential: async () => {
        throw new Error('invalid_client: the secret hunter2 is wrong');
      },
    });
    const error = await transport.verify(alice, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    expect(String(error)).not.toContain('hunter2');
    expect(asked).toHaveLength(0);
  });

  it('a userOf that throws or returns nobody', async () => {
    const broken = (): never => {
      throw new Error('the table');
    };
    for (const userOf of [broken, () => '']) {
      const { transport } = canned(() => nothing, { userOf });
      await expect(transport.verify(alice, options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
  });

  it('an abort', async () => {
    const { transport } = canned(() => nothing);
    await expect(transport.verify(alice, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'REQUEST_ABORTED' });
  });
});
