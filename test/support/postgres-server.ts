/** Starts a PostgreSQL server in a process of its own, for tests and benches. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Pool, type PoolConfig } from 'pg';

export interface PostgresProcessOptions {
  /** Whether commits wait for the disk: for benchmarks, not for tests. @default false */
  readonly fsync?: boolean;
  /** A server that accepts no writes until `pg_promote()`. @default false */
  readonly standby?: boolean;
}

/** The options of `new Pool()` of pg. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** One per process, whichever of its test files uses it first. */
const ofTheProcess: typeof globalThis & { postgresOfTests?: Promise<PostgresServer>; databasesOfTests?: number } = globalThis;

export class PostgresServer {
  readonly address: PostgresAddress;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.address = { host: '127.0.0.1', port, user: 'postgres', password: 'secret', database: 'postgres' };
  }

  static async start(options: PostgresProcessOptions = {}): Promise<PostgresServer> {
    const script = fileURLToPath(new URL('./postgres-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    const [word, port] = String(value).split(' ');
    if (word !== 'ready') throw new Error('PostgreSQL did not start');
    return new PostgresServer(child, lines, Number(port));
  }

  /**
   * One server for all test files of this process, since starting it takes longer than most of them. It ends with the process;
   * its users work in schemas of their own, and leave everything else unchanged.
   */
  static shared(): Promise<PostgresServer> {
    ofTheProcess.postgresOfTests ??= PostgresServer.start().then((server) => {
      server.#letGo();
      return server;
    });
    return ofTheProcess.postgresOfTests;
  }

  /** Its own database on the shared server, for programs with fixed schema names. */
  static async database(): Promise<{ readonly connectionString: string; close(): Promise<void> }> {
    const server = await PostgresServer.shared();
    ofTheProcess.databasesOfTests = (ofTheProcess.databasesOfTests ?? 0) + 1;
    const database = `own_${ofTheProcess.databasesOfTests}`;
    const query = async (text: string): Promise<void> => {
      const pool = server.pool({ max: 1 });
      await pool.query(text).finally(() => pool.end());
    };
    await query(`CREATE DATABASE ${database}`);
    return {
      connectionString: server.connectionString.replace(/[^/]+$/, database),
      close: () => query(`DROP DATABASE ${database} WITH (FORCE)`),
    };
  }

  /** From now on it does not keep this process alive. */
  #letGo(): void {
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stdout]) (stream as Partial<Socket>).unref?.();
  }

  get connectionString(): string {
    const { host, port, user, password, database } = this.address;
    return `postgres://${user}:${password}@${host}:${port}/${database}`;
  }

  /** A pool whose connections may break at any time, even while they are being closed. */
  pool(config: PoolConfig = {}): Pool {
    return poolOn(this.address, config);
  }

  /** Stops the server at any point, and restarts it; resolves once it accepts connections. */
  async restart(): Promise<void> {
    this.#child.stdin.write('restart\n');
    await this.#lines.next();
  }

  /** The same, but anything not yet written is lost: it recovers from its log. */
  async crash(): Promise<void> {
    this.#child.stdin.write('crash\n');
    await this.#lines.next();
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exited;
  }
}

export function poolOn(address: PostgresAddress, config: PoolConfig = {}): Pool {
  const pool = new Pool({ ...address, ...config });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
