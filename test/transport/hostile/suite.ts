/** Malicious servers, one source for both transports: no crash, results in time and in little memory, and no claim without proof. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programOf } from '../../support/program.ts';
import { attacksOn } from './attacks.ts';
import type { HostileReport } from './client.ts';
import { startHostileServer } from './server.ts';
import { ews, good, graph } from './tongues.ts';

const client = programOf(new URL('./client.ts', import.meta.url));
const run = promisify(execFile);

export const ways = ['fetch', 'dispatcher'] as const;
/** Created once: some are hundreds of megabytes before compression. */
export const served = [ews, graph].map((tongue) => ({ tongue, attacks: attacksOn(tongue) }));

/** All attacks on both transports, in processes that send their requests in that way. */
export function describeHostileServers(way: (typeof ways)[number]): void {
  describe.each(served.map((one) => ({ ...one, kind: one.tongue.kind })))(
    `a hostile server of $kind, over a ${way}`,
    ({ tongue, attacks }) => {
      let server: Awaited<ReturnType<typeof startHostileServer>>;
      /** Results by path. One process handles many attacks, since starting it takes longer than most of them; those that only wait run concurrently. */
      const reports = new Map<string, Promise<Readonly<Record<string, HostileReport>>>>();

      /** Only attacks that end by a limit have a short one, shorter for probes that cost memory; any other limit is out of reach on a busy machine. */
      const trialOf = (path: string): string => {
        const { status, codes, probe, heavy } = attacks[path] ?? {};
        const endsByLimit = codes?.includes('REQUEST_TIMEOUT') ?? status === undefined;
        const probing = probe !== undefined ? 100_000 : heavy === true ? 500 : 5_000;
        return [path, endsByLimit ? 1_500 : 100_000, probing].join(':');
      };
      const suffer = async (paths: readonly string[], atATime: number): Promise<Readonly<Record<string, HostileReport>>> => {
        const command = ['--expose-gc', client, server.origin, tongue.kind, way, String(atATime), ...paths.map(trialOf)];
        const { stdout } = await run(process.execPath, command, { timeout: 390_000 });
        return JSON.parse(stdout) as Record<string, HostileReport>;
      };
      const reportOf = async (path: string): Promise<HostileReport | undefined> => {
        const heavy = attacks[path]?.heavy === true;
        const paths = Object.keys(attacks).filter((other) => (attacks[other]?.heavy === true) === heavy);
        const first = heavy ? paths.indexOf(path) - (paths.indexOf(path) % 8) : 0;
        const together = heavy ? paths.slice(first, first + 8) : paths;
        const key = together.join();
        if (!reports.has(key)) reports.set(key, suffer(together, heavy ? 1 : 6));
        return (await reports.get(key))?.[path];
      };

      beforeAll(async () => {
        server = await startHostileServer((path) => (path === 'good' ? good[tongue.kind] : attacks[path]?.attack));
      });
      afterAll(() => server.close());

      it.each(Object.entries(attacks))('%s', async (path, { status = 'unconfirmed', codes, probe }) => {
        const report = await reportOf(path);
        expect(report?.status).toBe(status);
        if (codes !== undefined) expect(codes).toContain(report?.code);
        // Neither present nor absent, nor a draft that may be removed.
        expect(probe === undefined ? ['unknown', 'pending'] : [probe]).toContain(report?.probe);
        expect(report?.leaked).toEqual([]);
        expect(report?.cpu).toBeLessThan(20_000);
        // At the peak so far. One byte at a time, the fetch of Node alone needs up to 100; without any limit it would be thousands.
        expect(report?.growth).toBeLessThan(200);
      });
    },
  );
}
