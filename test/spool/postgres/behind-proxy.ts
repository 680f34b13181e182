import type { Pool } from 'pg';
import { systemClock } from '../../../src/core/clock.ts';
import { PostgresSpool } from '../../../src/spool/postgres/postgres-spool.ts';
import { paced } from '../../support/pace.ts';
import { poolOn } from '../../support/postgres-server.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';
import type { useServer } from './fixture.ts';

/** ms. With three concurrent suites on two cores, 3 s were not enough even for answered queries; a wait for a held conversation ends by itself after 10 s. */
export const deadline = paced(3_000);
export const context = { clock: systemClock, tombstones: 60_000 };

/** A server that can vanish, a pool of few connections, and a spool whose tables exist; not open. */
export async function behindProxy(
  fixture: ReturnType<typeof useServer>,
  { max = 4, within = deadline }: { readonly max?: number; readonly within?: number | undefined } = {},
): Promise<{ proxy: TcpProxy; pool: Pool; spool: PostgresSpool; schema: string } & AsyncDisposable> {
  const proxy = await TcpProxy.to(fixture.server.address.port);
  const pool = poolOn({ ...fixture.server.address, port: proxy.port }, { max });
  const schema = fixture.newSchema();
  await new PostgresSpool({ pool: fixture.pool, schema }).migrate();
  const spool = new PostgresSpool({ pool, schema, migrate: true, statementTimeout: within });
  return {
    proxy,
    pool,
    spool,
    schema,
    async [Symbol.asyncDispose]() {
      proxy.heal();
      await spool.close();
      await pool.end();
      await proxy.close();
    },
  };
}

/** ms that pass for this process: none while a busy machine keeps it waiting, just as none pass for its own deadlines. */
export function livedTime(): { passed(): number } & Disposable {
  const step = 10;
  let steps = 0;
  const timer = setInterval(() => {
    steps += 1;
  }, step);
  return { passed: () => steps * step, [Symbol.dispose]: () => clearInterval(timer) };
}

/** The part of {@link livedTime} that it uses. */
export async function timeOf(work: Promise<unknown>): Promise<number> {
  using time = livedTime();
  await work.catch(() => undefined);
  return time.passed();
}
