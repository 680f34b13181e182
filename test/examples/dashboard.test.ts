import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from './process.ts';

it('dashboard.ts serves the dashboard with node:http, Express, Fastify, Hono and any server that takes a Request', async () => {
  const args = ['--import', './examples/from-source.ts', 'examples/dashboard.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 300_000 });
  expect(stdout).toBe(`\
node:http: 401, true, 303, carol: asked through node:http
Express: 401, true, 303, carol: asked through Express
Fastify: 401, true, 303, carol: asked through Fastify
Hono: 401, true, 303, carol: asked through Hono
Next: 401, true, 303, carol: asked through Next
`);
});
