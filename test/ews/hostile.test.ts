/** Servers that mean harm: each ends in a coded error, within the deadline, and with less than 64 MB of growth. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostileReport } from './support/hostile-client.ts';
import { attacks, startHostileServer } from './support/hostile-server.ts';

const client = fileURLToPath(new URL('./support/hostile-client.ts', import.meta.url));
const run = promisify(execFile);
let server: Awaited<ReturnType<typeof startHostileServer>>;

beforeAll(async () => {
  server = await startHostileServer();
});
afterAll(() => server.close());

describe('a hostile server', () => {
  it.each(Object.entries(attacks))('%s', async (path, { codes }) => {
    const { stdout } = await run(process.execPath, ['--expose-gc', client, server.origin, path], { timeout: 300_000 });
    const report = JSON.parse(stdout) as HostileReport;
    expect(codes).toContain(report.code);
    expect(report.status).toBe(report.code === 'none' ? 'delivered' : 'unconfirmed');
    expect(report.probe).toBe('unknown');
    expect(report.ms).toBeLessThan(1_500 + 1_000);
    expect(report.growth).toBeLessThan(64);
  });
});
