import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const jar = '/usr/share/davmail/davmail.jar';
const java = '/usr/bin/java';

/** Whether Debian's davmail-server is installed. */
export const davmailInstalled = existsSync(jar) && existsSync(java);

/** A DavMail listening on the loopback interface. */
export interface DavmailServer extends AsyncDisposable {
  readonly ports: Readonly<Record<'imap' | 'smtp' | 'pop' | 'caldav', number>>;
}

/** Starts DavMail in front of that EWS server, without a window and without any settings of the machine. */
export async function startDavmail(url: string): Promise<DavmailServer> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-davmail-'));
  const [imap = 0, smtp = 0, pop = 0, caldav = 0, ldap = 0] = await freePorts(5);
  const settings = {
    'davmail.server': true,
    'davmail.mode': 'EWS',
    'davmail.url': url,
    'davmail.imapPort': imap,
    'davmail.smtpPort': smtp,
    'davmail.popPort': pop,
    'davmail.caldavPort': caldav,
    'davmail.ldapPort': ldap,
    'davmail.allowRemote': false,
    'davmail.bindAddress': '127.0.0.1',
    'davmail.disableUpdateCheck': true,
    'davmail.logFilePath': join(folder, 'davmail.log'),
    'log4j.rootLogger': 'WARN',
    'log4j.logger.davmail': 'INFO',
  };
  const file = join(folder, 'davmail.properties');
  await writeFile(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const child = spawn(java, ['-Xmx128m', `-Duser.home=${folder}`, '-jar', jar, '-server', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let said = '';
  const listening = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        said += data;
        if (said.includes('listening on')) resolve();
      });
    }
  });
  await Promise.race([listening, ended]);
  if (!said.includes('listening on')) {
    await stop();
    throw new Error(`DavMail did not start: ${said.slice(-1000)}`);
  }
  return { ports: { imap, smtp, pop, caldav }, [Symbol.asyncDispose]: stop };
}

/** Ports that nothing listens on. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          const address = server.address();
          server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
        }),
    ),
  );
}
