import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import { loopbackCertificate, loopbackKey } from '../support/loopback-certificate.ts';
import { answerOf, recording } from '../support/recordings.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';

const alice = 'alice@contoso.test';
const password = 'p$ss "word" 4711';
let folder: string;
let server: Server | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-doctor-'));
  await writeFile(join(folder, 'ca.pem'), loopbackCertificate);
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function doctor(url: string, ...args: readonly string[]) {
  return doctorBy(offlineImHere, url, ...args);
}

async function doctorBy(run: typeof offlineIm, url: string, ...args: readonly string[]) {
  const login = ['--mailbox', alice, '--url', url, '--username', alice, '--password-env', 'SECRET'];
  const ran = await run(['doctor', ...login, ...args, '--json'], { env: { SECRET: password } });
  expect(ran.out + ran.err).not.toContain(password);
  expect(ran.err).toBe('');
  const { findings } = JSON.parse(ran.out) as {
    findings: readonly { check: string; status: string; text: string; todo?: string }[];
  };
  return {
    code: ran.code,
    findings,
    lines: findings.map(({ check, status }) => `${check} ${status}`),
    text: JSON.stringify(findings),
  };
}

/** A server with canned responses only. */
async function answering(
  answer: (method: string, body: string) => { status?: number; headers?: Record<string, string>; body?: string },
): Promise<string> {
  const started = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { status = 200, headers = {}, body: text = '' } = answer(request.method ?? '', body);
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  server = started;
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/EWS/Exchange.asmx`;
}

describe.each([['basic'], ['ntlm']] as const)('doctor over TLS with %s', (scheme) => {
  it('reports all well with the right password, and a refused login with a wrong one', async () => {
    const options = { auth: [scheme], tls: { key: loopbackKey, cert: loopbackCertificate } };
    await using exchange = await startExchangeSimulator({
      mailboxes: [{ address: alice, password }, 'bob@contoso.test'],
      ...options,
    });
    const args = ['--login', scheme, '--ca', join(folder, 'ca.pem')];
    const well = await doctorBy(offlineIm, exchange.url, ...args, '--send-test', 'bob@contoso.test');
    expect(well.lines).toEqual([
      'address ok',
      'tls ok',
      'clock ok',
      'login ok',
      'version ok',
      'history ok',
      'limits ok',
      'drafts ok',
      'send ok',
    ]);
    expect(well.code).toBe(0);
    expect(exchange.mailbox('bob@contoso.test').folder('inbox').size).toBe(1);
    const untrusted = await doctor(exchange.url, '--login', scheme);
    expect(untrusted).toMatchObject({ code: 3, lines: ['address ok', 'tls fail'] });
    expect(untrusted.text).toContain('--ca FILE');
    await using other = await startExchangeSimulator({ mailboxes: [{ address: alice, password: 'another' }], ...options });
    const wrong = await doctor(other.url, ...args);
    expect(wrong).toMatchObject({ code: 3, lines: ['address ok', 'tls ok', 'clock ok', 'login fail'] });
    expect(wrong.text).toContain('AUTHENTICATION_FAILED');
  });
});

it('reports that nothing listens', async () => {
  const url = await answering(() => ({}));
  await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  const closed = await doctor(url);
  expect(closed).toMatchObject({ code: 3, lines: ['address ok', 'tls fail'] });
  expect(closed.text).toContain('ECONNREFUSED');
});

it.each([
  [4_000_000, 'clock fail', 'behind the server'],
  [-120_000, 'clock warn', 'ahead of the server'],
])('compares clocks that are %d ms apart', async (apart, line, text) => {
  const headers = () => ({ date: new Date(Date.now() + apart).toUTCString() });
  const url = await answering(() => ({ ...answerOf(recording('no-login')), headers: headers() }));
  const { lines, text: all } = await doctor(url);
  expect(lines).toContain(line);
  expect(all).toContain(text);
});

/** With recorded responses of a real server. */
describe('doctor reads recorded responses of real servers', () => {
  it('reports login, version and folder of a server without the distinguished folder, but with a folder of that name', async () => {
    const url = await answering((method, body) => {
      if (method === 'GET') return answerOf(recording('get-without-login'));
      if (body.includes('<m:FindItem')) return answerOf(recording('finditem-or-of-three-tags-none'));
      if (body.includes('<m:FindFolder')) return answerOf(recording('findfolder-one'));
      return answerOf(recording('getfolder-inbox'));
    });
    const { lines, text } = await doctor(url);
    expect(lines.slice(0, 2)).toEqual(['address ok', 'tls warn']);
    expect(lines).toEqual(expect.arrayContaining(['login ok', 'version ok', 'history ok', 'send warn']));
    expect(text).toContain('Exchange 2013 (15.0.847)');
  });

  it.each([
    ['no-login', 'login fail', 'AUTHENTICATION_FAILED'],
    ['getfolder-other-mailbox-refused', 'fail', 'access'],
  ])('%s', async (name, line, text) => {
    const url = await answering(() => answerOf(recording(name)));
    const { code, lines, text: all } = await doctor(url);
    expect(code).toBe(3);
    expect(lines.join('\n')).toContain(line);
    expect(all).toContain(text);
  });

  it('advises Graph when EWS is switched off', async () => {
    const url = await answering(() => ({ status: 403 }));
    const { code, text } = await doctor(url);
    expect(code).toBe(3);
    expect(text).toContain('Use Microsoft Graph');
  });
});

it('checks Graph with a config from the working folder and the spool it names, with secrets stored elsewhere', async () => {
  await using exchange = await startExchangeSimulator({
    mailboxes: [alice],
    tokens: [{ token: 'tok-4711', login: alice }],
  });
  const config = join(folder, 'offline-im.config.json');
  const root = new URL(exchange.graphUrl).origin;
  await writeFile(join(folder, 'token'), 'tok-4711\n');
  await writeFile(
    config,
    JSON.stringify({
      identity: { sip: `sip:${alice}` },
      graph: { root, token: { file: 'token' } },
      spool: join(folder, 'none.db'),
    }),
  );
  await chmod(config, 0o600);
  const { code, out, err } = await offlineIm(['doctor'], { cwd: folder });
  expect(out + err).not.toContain('tok-4711');
  expect(out).toMatch(/^ok\taddress\tMicrosoft Graph at /);
  expect(out).toMatch(/^fail\tspool\tThe spool can't be opened/m);
  expect(code).toBe(3);
  await chmod(config, 0o666);
  const refused = await offlineImHere(['stats'], { cwd: folder });
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('other users can write to it') });
  await writeFile(config, JSON.stringify({ ews: { username: 'x', password: 'in the clear' } }));
  const clear = await offlineImHere(['doctor', '--config', config, '--mailbox', alice]);
  expect(clear.code).toBe(2);
  expect(clear.out + clear.err).not.toContain('in the clear');
});

it.each([
  [401, 'InvalidAuthenticationToken', 'Get a new token'],
  [404, 'MailboxNotEnabledForRESTAPI', 'use ews in the config'],
  [302, '', 'graph.root'],
])('says what to do when Graph returns %d %s, and then sends no test note', async (status, code, todo) => {
  let sent = 0;
  const root = await answering((method) => {
    if (method === 'POST') sent += 1;
    return { status, body: JSON.stringify({ error: { code, message: 'No.' } }) };
  });
  const config = join(folder, 'graph.json');
  const graph = { root: new URL(root).origin, token: { env: 'SECRET' } };
  await writeFile(config, JSON.stringify({ identity: { sip: `sip:${alice}` }, graph }));
  const ran = await offlineImHere(['doctor', '--config', config, '--send-test', 'bob@contoso.test'], {
    env: { SECRET: 'tok-4711' },
  });
  expect(ran).toMatchObject({ code: 3, err: '', out: expect.stringContaining(todo) });
  expect(sent).toBe(0);
});

it('doctor takes the way of the requests where only a proxy of the environment leads to the server', async () => {
  await using exchange = await startExchangeSimulator({
    mailboxes: [{ address: alice, password }],
    tls: { key: loopbackKey, cert: loopbackCertificate },
  });
  const { port } = new URL(exchange.url);
  const asked: (string | undefined)[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    asked.push(url);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => undefined);
  });
  const at = async (one: Server) => {
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
    return (one.address() as AddressInfo).port;
  };
  server = proxy;
  const proxyPort = await at(proxy);
  // Nothing listens there any more.
  const closed = createServer();
  const unreachable = `127.0.0.1:${await at(closed)}`;
  await new Promise((resolve) => closed.close(resolve));
  const env = {
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
    NO_PROXY: '',
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
  };
  const url = `https://${unreachable}/EWS/Exchange.asmx`;
  const proxied: typeof offlineIm = (args, options) => offlineIm(args, { ...options, env: { ...options?.env, ...env } });
  const { code, lines } = await doctorBy(proxied, url);
  expect(lines.slice(0, 4)).toEqual(['address ok', 'tls ok', 'clock ok', 'login ok']);
  expect(code).toBe(0);
  expect(new Set(asked)).toEqual(new Set([unreachable]));
  // Without the variable nothing goes through a proxy, and the doctor says so, too.
  const direct: typeof offlineIm = (args, options) =>
    offlineIm(args, { ...options, env: { ...options?.env, ...env, NODE_USE_ENV_PROXY: '0' } });
  expect((await doctorBy(direct, url)).lines).toEqual(['address ok', 'tls fail']);
  await using plain = await startExchangeSimulator({ mailboxes: [{ address: alice, password }] });
  expect((await doctorBy(proxied, plain.url)).lines[1]).toBe('tls warn');
});
