/**
 * The dashboard of a fleet, behind a name and a password.
 * Settings by environment: OFFLINE_IM_SPOOL, DASHBOARD_PASSWORD_FILE, HOST, PORT.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { openSpool } from 'offline-im/admin';
import { type DashboardOptions, dashboard, nodeHandler } from 'offline-im/dashboard';

const { OFFLINE_IM_SPOOL = '', DASHBOARD_PASSWORD_FILE = '', HOST = '127.0.0.1', PORT = '8080' } = process.env;
const password = readFileSync(DASHBOARD_PASSWORD_FILE, 'utf8').trimEnd();
if (password.length < 12) throw new Error('The password of the dashboard has less than 12 characters.');

/** Any name, which audits then have, and the one password. A login of your own knows who is who. */
const authorize: DashboardOptions['authorize'] = (request) => {
  const [scheme = '', given = ''] = (request.headers.get('authorization') ?? '').split(' ');
  const [name = '', ...secret] = Buffer.from(given, 'base64').toString('utf8').split(':');
  if (scheme.toLowerCase() === 'basic' && /^[\w.@-]{1,100}$/.test(name) && isSame(secret.join(':'), password)) {
    return { user: name, mayChange: true, mayReadText: false };
  }
  return new Response('Your name, and the password of the dashboard.\n', {
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="Offline IM", charset="UTF-8"' },
  });
};

/** In a time that tells nothing of either. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

const spool = await openSpool(OFFLINE_IM_SPOOL, { by: 'dashboard' });
const handler = dashboard({ spool, authorize });
const server = createServer(nodeHandler(handler));
server.listen(Number(PORT), HOST, () => {
  const address = server.address();
  console.log(`listening on port ${typeof address === 'object' ? address?.port : address}`);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    handler.close();
    server.closeAllConnections();
    server.close();
    await spool.close();
  });
}
