import { randomBytes } from 'node:crypto';
import { unlessAborted } from '../../../core/clock.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { AuthenticationContext, SendRequest } from '../credentials.ts';
import type { Connection } from './connection.ts';
import { type Answerer, authenticateMessage, negotiateMessage, readChallenge } from './messages.ts';

/** A challenge comes with a short page for people; bytes. */
const longestPage = 262_144;

/**
 * Sends the request on this connection, after a login where the connection has none.
 *
 * The legs before the last have no body, so a large CreateItem travels once, and nothing can have been processed whatever
 * becomes of them. A 401 to the last one says that the server did not look at the body.
 */
export async function sendLoggedIn(
  connection: Connection,
  who: () => Promise<Answerer>,
  send: SendRequest,
  context: AuthenticationContext,
): Promise<Response> {
  const { fetch } = connection;
  if (connection.loggedIn) {
    const response = await send({}, { fetch });
    if (response.status !== 401) return response;
    // A server or something in front of it has forgotten the login; the same connection takes a new one.
    connection.loggedIn = false;
    await drain(response);
  }
  const login = who();
  // One that never comes must not keep the connection.
  await unlessAborted(login, context.signal);
  context.signal.throwIfAborted();
  const first = await send({ authorization: header(negotiateMessage()) }, { fetch, body: 'none' });
  const challenge = first.status === 401 ? challengeOf(first) : undefined;
  if (challenge === undefined) return first;
  await drain(first);
  const response = await send({ authorization: header(answer(challenge, await login, context)) }, { fetch });
  connection.loggedIn = response.status !== 401;
  return response;
}

function answer(challenge: string, who: Answerer, context: AuthenticationContext): Buffer {
  const fresh = { clientChallenge: randomBytes(8), now: context.clock.now() };
  try {
    return authenticateMessage(readChallenge(Buffer.from(challenge, 'base64')), who, fresh);
  } catch (error) {
    throw new OfflineImError('AUTHENTICATION_FAILED', 'The NTLM challenge of the server cannot be answered.', { cause: error });
  }
}

function header(message: Buffer): string {
  return `NTLM ${message.toString('base64')}`;
}

/** The challenge among all that the server offers. */
function challengeOf(response: Response): string | undefined {
  return /(?:^|,)\s*NTLM\s+([A-Za-z0-9+/]+=*)/i.exec(response.headers.get('www-authenticate') ?? '')?.[1];
}

/** Reads a body to its end, so that the connection is free for the next leg. */
async function drain(response: Response): Promise<void> {
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > longestPage) {
      throw new OfflineImError(
        'AUTHENTICATION_FAILED',
        `The page beside the NTLM challenge is longer than ${longestPage} bytes.`,
      );
    }
  }
}
