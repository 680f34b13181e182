import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { property } from '../../core/errors/thrown.ts';
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
    if (!secure)
      return [
        warn('tls', `${to} is reached without TLS.`, 'Use https:// unless it is this very machine: logins travel in the clear.'),
      ];
    const left = Math.floor(((expires ?? 0) - Date.now()) / day);
    if (left < 14)
      return [warn('tls', `${to} answers; its certificate ends in ${left} days.`, 'Have the certificate of the server renewed.')];
    return [ok('tls', `${to} answers, and its certificate is trusted for ${left} more days.`)];
  } catch (error) {
    return [refused(to, String(property(error, 'code') ?? told(error)))];
  }
}

function refused(to: string, code: string): Finding {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return fail('tls', `The name of ${to} is not known here (${code}).`, 'Correct the address, or mend the name service.');
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
      `Nothing listens at ${to} (${code}).`,
      'Correct the address, start the server, or open the way through the firewall.',
    );
  return fail(
    'tls',
    `There is no connection to ${to} (${code}).`,
    'Look at the network, the firewall and the proxy between here and there.',
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
    return warn('clock', `The clock of the server could not be asked (${told(error)}).`, 'Mend the connection first.');
  }
  if (Number.isNaN(date)) return warn('clock', 'The server does not tell its time.', 'Compare the clocks by hand.');
  // The header has whole seconds, and the response took some time.
  const now = (asked + Date.now()) / 2;
  const off = Math.round((now - date - 500) / 1_000);
  const apart = `${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} the server`;
  const todo = 'Set the clock of this machine by NTP.';
  if (Math.abs(off) * 1_000 >= harmful)
    return fail('clock', `The clock of this machine is ${apart}: logins may be refused.`, todo);
  if (Math.abs(off) * 1_000 >= noticeable) return warn('clock', `The clock of this machine is ${apart}.`, todo);
  return ok('clock', 'The clocks of this machine and the server agree.');
}
