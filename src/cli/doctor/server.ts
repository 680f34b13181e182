import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { property } from '../../core/errors/thrown.ts';
import { connectionCode } from '../../transport/connection-errors.ts';
import { type Finding, fail, ok, told, warn } from './finding.ts';

/** ms for each request of the doctor. */
export const requestTimeout = 15_000;
const day = 86_400_000;

/** Checks that a server listens there, with a trusted certificate that is not about to expire. Leaves no connection open, which would keep the process alive. */
export async function connection(address: string, ca: string | undefined, timeout = requestTimeout): Promise<Finding[]> {
  const { hostname, port, protocol } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const secure = protocol === 'https:';
  const to = `${hostname}:${port || (secure ? 443 : 80)}`;
  try {
    const expires = await new Promise<number | undefined>((resolve, reject) => {
      const target = { host, port: Number(port || (secure ? 443 : 80)) };
      const socket = secure
        ? connect({ ...target, ...(ca === undefined ? {} : { ca }), ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }) })
        : connectPlain(target);
      // For the whole handshake: a server that trickles bytes would never be idle.
      const timer = setTimeout(() => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), timeout);
      socket.once('close', () => clearTimeout(timer));
      // Stays on: a second error would end the process.
      socket.on('error', reject);
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        const until = secure ? Date.parse((socket as TLSSocket).getPeerCertificate().valid_to) : undefined;
        socket.destroy();
        resolve(until);
      });
    });
    if (!secure) return [withoutTls(to)];
    const left = Math.floor(((expires ?? 0) - Date.now()) / day);
    if (left < 14)
      return [
        warn('tls', `${to} responds, but its certificate expires in ${left} days.`, 'Renew the certificate of the server.'),
      ];
    return [ok('tls', `${to} responds, and its certificate is trusted for ${left} more days.`)];
  } catch (error) {
    return [refused(to, String(property(error, 'code') ?? told(error)))];
  }
}

function withoutTls(to: string): Finding {
  return warn(
    'tls',
    `The connection to ${to} does not use TLS.`,
    'Use https:// unless the server is on this machine: credentials travel in the clear.',
  );
}

/**
 * Whether Node's fetch goes by `HTTPS_PROXY` and the like: https://nodejs.org/api/cli.html#node_use_env_proxy1
 */
function usesEnvProxy({ env, execArgv }: Pick<NodeJS.Process, 'env' | 'execArgv'> = process): boolean {
  const isOn =
    env.NODE_USE_ENV_PROXY === '1' || [...execArgv, ...(env.NODE_OPTIONS ?? '').split(/\s+/)].includes('--use-env-proxy');
  return isOn && ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some((name) => (env[name] ?? '') !== '');
}

/**
 * Checks the way that requests take. Where proxies of the environment are in use, there may be no other: then any response will do.
 *
 * @param isPlain Whether they are carried out by Node's own fetch; a login or certificates with connections of their own use no such proxy
 */
export async function way(address: string, ca: string | undefined, isPlain: boolean): Promise<Finding[]> {
  if (!isPlain || !usesEnvProxy()) return connection(address, ca);
  const { host, protocol } = new URL(address);
  try {
    const answer = await fetch(address, { method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(requestTimeout) });
    await answer.body?.cancel();
    return [protocol === 'https:' ? ok('tls', `${host} responds, by way of the proxies of the environment.`) : withoutTls(host)];
  } catch (error) {
    return [refused(host, connectionCode(error) ?? told(error))];
  }
}

function refused(to: string, code: string): Finding {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail('tls', `The host name of ${to} can't be resolved (${code}).`, 'Correct the address, or fix DNS.');
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code)) {
    return fail(
      'tls',
      `The certificate of ${to} is not trusted (${code}).`,
      "Name the authority's certificate with --ca FILE, or in NODE_EXTRA_CA_CERTS; or have a certificate made that names this host and lasts.",
    );
  }
  if (code === 'ECONNREFUSED')
    return fail(
      'tls',
      `Nothing is listening at ${to} (${code}).`,
      'Correct the address, start the server, or allow the connection in the firewall.',
    );
  return fail(
    'tls',
    `Can't connect to ${to} (${code}).`,
    'Check the network, the firewall and the proxy between this machine and the server.',
  );
}

/** ms by which clocks may differ. */
const noticeable = 60_000;
/** ms from which logins are refused: Kerberos and tokens allow five minutes. */
const harmful = 300_000;

/** Compares clocks by the Date of any response, a refusal too. */
export async function clock(address: string, fetch: typeof globalThis.fetch): Promise<Finding> {
  let date: number;
  const asked = Date.now();
  try {
    const answer = await fetch(address, { method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(requestTimeout) });
    date = Date.parse(answer.headers.get('date') ?? '');
    await answer.body?.cancel();
  } catch (error) {
    return warn('clock', `The clock of the server can't be read (${told(error)}).`, 'Fix the connection first.');
  }
  if (Number.isNaN(date)) return warn('clock', 'The server does not report its time.', 'Compare the clocks by hand.');
  // The header has whole seconds, and the response took some time.
  const now = (asked + Date.now()) / 2;
  const off = Math.round((now - date - 500) / 1_000);
  const apart = `${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} the server`;
  const todo = 'Synchronize the clock of this machine with NTP.';
  if (Math.abs(off) * 1_000 >= harmful)
    return fail('clock', `The clock of this machine is ${apart}: logins may be refused.`, todo);
  if (Math.abs(off) * 1_000 >= noticeable) return warn('clock', `The clock of this machine is ${apart}.`, todo);
  return ok('clock', 'The clocks of this machine and the server agree.');
}
