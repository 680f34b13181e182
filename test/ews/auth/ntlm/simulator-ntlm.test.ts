/** The simulator accepts only responses that it has computed itself, and only on the connection that logged in. */
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answerer, authenticateMessage, negotiateMessage, readChallenge } from '../../../../src/ews/auth/ntlm/messages.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../../src/testing/simulator/simulator.ts';
import { envelope, findItem } from '../../../testing/support/raw-ews.ts';

const who: Answerer = { user: 'alice', domain: 'CONTOSO', workstation: '', password: 'p' };
let server: ExchangeSimulator;
const agents: Agent[] = [];

beforeEach(async () => {
  server = await startExchangeSimulator({
    mailboxes: [{ address: 'alice@contoso.test', password: 'p' }],
    auth: ['ntlm', 'basic'],
    ntlm: 'strict',
  });
});
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await server.close();
});

interface Told {
  readonly status: number;
  readonly authenticate: string;
}

/** One connection; each call is one request on it. */
function connection(): (authorization?: string) => Promise<Told> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return (authorization) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'text/xml', ...(authorization === undefined ? {} : { authorization }) };
      const sent = request(server.url, { method: 'POST', agent, headers }, (response) => {
        response.resume();
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, authenticate: response.headers['www-authenticate'] ?? '' });
        });
      });
      sent.on('error', reject);
      sent.end(envelope(findItem()));
    });
}

const header = (message: Buffer): string => `NTLM ${message.toString('base64')}`;
const challengeIn = (told: Told): Buffer => Buffer.from(told.authenticate.replace(/^NTLM /, ''), 'base64');

function answerTo(challenge: Buffer, as = who): Buffer {
  return authenticateMessage(readChallenge(challenge), as, { clientChallenge: randomBytes(8), now: Date.now() });
}

async function challengeOn(send: ReturnType<typeof connection>): Promise<Buffer> {
  const told = await send(header(negotiateMessage()));
  expect(told.status).toBe(401);
  return challengeIn(told);
}

describe('NTLM', () => {
  it('is offered before Basic', async () => {
    expect(await connection()()).toEqual({ status: 401, authenticate: 'NTLM, Basic realm="simulator"' });
    expect((await connection()(`Basic ${btoa('alice@contoso.test:p')}`)).status).toBe(200);
  });

  it('admits one connection, and no other', async () => {
    const [one, other] = [connection(), connection()];
    const challenge = await challengeOn(one);
    expect((await one(header(answerTo(challenge)))).status).toBe(200);
    expect((await one()).status).toBe(200);
    expect((await other()).status).toBe(401);
    expect((await one()).status).toBe(200);
  });

  it('sends each connection its own challenge, and accepts no response to another one', async () => {
    const [one, other] = [connection(), connection()];
    const [first, second] = [await challengeOn(one), await challengeOn(other)];
    expect(first.subarray(24, 32).equals(second.subarray(24, 32))).toBe(false);
    expect((await other(header(answerTo(first)))).status).toBe(401);
    expect((await other()).status).toBe(401);
  });

  it('accepts a response once', async () => {
    const one = connection();
    const answer = header(answerTo(await challengeOn(one)));
    expect((await one(answer)).status).toBe(200);
    expect((await one(answer)).status).toBe(401);
    expect((await one()).status).toBe(401);
    expect((await connection()(answer)).status).toBe(401);
  });

  it('logs a connection out when it starts again', async () => {
    const one = connection();
    await one(header(answerTo(await challengeOn(one))));
    await challengeOn(one);
    expect((await one()).status).toBe(401);
  });

  it.each<[string, (answer: Buffer) => Buffer]>([
    ['a bit of the proof', (answer) => flipped(answer, answer.readUInt32LE(24))],
    ['a bit of the client challenge', (answer) => flipped(answer, answer.readUInt32LE(24) + 32)],
    ['a bit of the MIC', (answer) => flipped(answer, 72)],
    ['a flag', (answer) => flipped(answer, 60)],
    ['the end missing', (answer) => answer.subarray(0, 100)],
    ['almost nothing', (answer) => answer.subarray(0, 12)],
    ['the user of another mailbox', (answer) => flipped(answer, answer.readUInt32LE(40))],
  ])('refuses %s', async (_, spoil) => {
    const one = connection();
    expect((await one(header(spoil(Buffer.from(answerTo(await challengeOn(one))))))).status).toBe(401);
  });

  it('refuses an empty password even if the mailbox has none', async () => {
    server.addMailbox('carol@contoso.test');
    const one = connection();
    const challenge = await challengeOn(one);
    expect((await one(header(answerTo(challenge, { ...who, user: 'carol', password: '' })))).status).toBe(401);
  });

  it('refuses NTLMv1', async () => {
    const one = connection();
    const message = Buffer.concat([answerTo(await challengeOn(one))]);
    message.writeUInt16LE(24, 20);
    message.writeUInt16LE(24, 22);
    expect((await one(header(message))).status).toBe(401);
  });

  it('does not count as a request: faults ignore it, and the journal shows it without a body', async () => {
    server.faults.on('*').once().serverBusy();
    const one = connection();
    const challenge = await challengeOn(one);
    expect((await one(header(answerTo(challenge)))).status).toBe(500);
    expect((await one()).status).toBe(200);
    expect(server.journal.map(({ status, mailbox }) => [status, mailbox])).toEqual([
      [401, undefined],
      [500, undefined],
      [200, 'alice@contoso.test'],
    ]);
  });
});

function flipped(message: Buffer, at: number): Buffer {
  message.writeUInt8(message.readUInt8(at) ^ 1, at);
  return message;
}

describe('bearer tokens', () => {
  const status = async (token: string): Promise<number> => (await connection()(`Bearer ${token}`)).status;

  it('are valid until they expire or are revoked', async () => {
    await server.close();
    server = await startExchangeSimulator({
      mailboxes: ['alice@contoso.test'],
      tokens: [
        { token: 'good', login: 'alice@contoso.test' },
        { token: 'old', login: 'alice@contoso.test', expiresAt: new Date(0) },
        { token: 'lost', login: 'nobody@contoso.test' },
      ],
    });
    expect([await status('good'), await status('old'), await status('lost'), await status('none')]).toEqual([200, 401, 401, 401]);
    const [brief, long] = [
      server.tokens.issue('alice@contoso.test', { lifetime: 60_000 }),
      server.tokens.issue('alice@contoso.test'),
    ];
    expect(brief).not.toBe(long);
    expect([await status(brief), await status(long)]).toEqual([200, 200]);
    server.tokens.revoke(long);
    expect([await status(brief), await status(long)]).toEqual([200, 401]);
    server.tokens.revoke();
    expect([await status(brief), await status('good')]).toEqual([401, 401]);
  });

  it('are refused if they are not offered', async () => {
    server.tokens.add({ token: 'good', login: 'alice@contoso.test' });
    expect(await status('good')).toBe(401);
  });
});
