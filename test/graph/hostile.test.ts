/** A Graph that means harm: no crash, in time, in little memory, and nothing is said that isn't shown. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostileReport } from '../ews/support/hostile-client.ts';
import { attacks, startHostileServer } from '../ews/support/hostile-server.ts';
import { jsonAttacks } from './support/json-attacks.ts';

const client = fileURLToPath(new URL('../ews/support/hostile-client.ts', import.meta.url));
const run = promisify(execFile);
/** Those of EWS that are not about XML. */
const ofTheConnection = Object.entries(attacks).filter(([path]) =>
  /^(endless|announced|gzip-broken|drip|not-http|silence)/.test(path),
);
const table = { ...Object.fromEntries(ofTheConnection), ...jsonAttacks };
let server: Awaited<ReturnType<typeof startHostileServer>>;

beforeAll(async () => {
  server = await startHostileServer(table);
});
afterAll(() => server.close());

async function suffer(path: string): Promise<HostileReport> {
  const { stdout } = await run(process.execPath, ['--expose-gc', client, server.origin, path, 'graph'], { timeout: 30_000 });
  return JSON.parse(stdout) as HostileReport;
}

describe('a hostile connection', () => {
  it.each(ofTheConnection)('%s', async (path, { codes }) => {
    const report = await suffer(path);
    expect(codes).toContain(report.code);
    expect(report).toMatchObject({ status: 'unconfirmed', probe: 'unknown' });
    expect(report.ms).toBeLessThan(20_000);
    expect(report.growth).toBeLessThan(48);
  });
});

describe('a hostile answer', () => {
  it.each(Object.entries(jsonAttacks))('%s', async (path, { status, probe = 'unknown' }) => {
    const report = await suffer(path);
    expect(report).toMatchObject({ status, probe });
    expect(report.ms).toBeLessThan(20_000);
    expect(report.growth).toBeLessThan(48);
  });
});
