/** Debian's PgBouncer in front of a server, in transaction mode unless specified otherwise. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresAddress } from './postgres-server.ts';

/** False if it is not installed (`apt-get install pgbouncer`). */
export const hasPgBouncer = ((): boolean => {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export interface PgBouncerOptions {
  readonly mode?: 'transaction' | 'session';
  /** Connections to the server. */
  readonly connections?: number;
}

export class PgBouncer implements AsyncDisposable {
  readonly address: PostgresAddress;
  readonly #folder: string;
  #child: ChildProcess;

  private constructor(address: PostgresAddress, folder: string, child: ChildProcess) {
    this.address = address;
    this.#folder = folder;
    this.#child = child;
  }

  static async before(
    server: PostgresAddress,
    { mode = 'transaction', connections = 5 }: PgBouncerOptions = {},
  ): Promise<PgBouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-pgbouncer-'));
    const port = await freePort();
    const { host, user, password, database } = server;
    await writeFile(join(folder, 'users.txt'), `"${user}" "${password}"\n`);
    const settings = {
      listen_addr: '127.0.0.1',
      listen_port: port,
      unix_socket_dir: '',
      auth_type: 'plain',
      auth_file: join(folder, 'users.txt'),
      pool_mode: mode,
      default_pool_size: connections,
      max_client_conn: 2_000,
      ignore_startup_parameters: 'extra_float_digits',
      logfile: join(folder, 'log'),
      pidfile: join(folder, 'pid'),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    const target = `* = host=${host} port=${server.port} user=${user} password=${password}`;
    await writeFile(join(folder, 'pgbouncer.ini'), `[databases]\n${target}\n[pgbouncer]\n${lines.join('\n')}\n`);
    // It refuses to run as root.
    await chmod(folder, 0o777);
    const child = run(folder);
    await untilOpen(port);
    return new PgBouncer({ host: '127.0.0.1', port, user, password, database }, folder, child);
  }

  get connectionString(): string {
    const { host, port, user, password, database } = this.address;
    return `postgres://${user}:${password}@${host}:${port}/${database}`;
  }

  /** Kills it at any point, and starts another one in its place. */
  async crash(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    await rm(join(this.#folder, 'pid'), { force: true });
    this.#child = run(this.#folder);
    await untilOpen(this.address.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function run(folder: string): ChildProcess {
  const ini = join(folder, 'pgbouncer.ini');
  // `nobody` has this number on Debian.
  return spawn('pgbouncer', process.getuid?.() === 0 ? ['-q', '-u', 'nobody', ini] : ['-q', ini], { stdio: 'ignore' });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function untilOpen(port: number): Promise<void> {
  for (const end = Date.now() + 100_000; ; ) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(
      () => false,
    );
    socket.destroy();
    if (open) return;
    if (Date.now() > end) throw new Error('PgBouncer did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
