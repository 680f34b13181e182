import { mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Secrets } from '../../src/cli/config/secrets.ts';
import { transportOf } from '../../src/cli/config/transport.ts';
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';

const alice = 'alice@contoso.test';

it.each(['ews', 'graph'] as const)('a worker over %s goes on with the token that its file has by then', async (way) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-token-'));
  await using server = await startExchangeSimulator({ mailboxes: [alice] });
  const file = join(folder.path, 'token');
  const token = { file: 'token' };
  const config =
    way === 'ews' ? { ews: { url: server.url, login: 'bearer' as const, token } } : { graph: { root: server.graphUrl, token } };
  const first = server.tokens.issue(alice);
  await writeFile(file, `${first}\n`);
  const secrets = new Secrets();
  const { signal } = new AbortController();
  const transport = await transportOf(config, alice, { cwd: folder.path, env: {}, secrets }, signal);
  const verify = () => transport.verify?.({ address: alice }, { signal });
  await verify();
  server.tokens.revoke(first);
  const second = server.tokens.issue(alice);
  await writeFile(file, second);
  await verify();
  expect(secrets.mask(`${first} ${second}`)).toBe('*** ***');
  await transport.close?.();
});

it('a token file that is gone is no error of its own: the last token is refused, or still good', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-token-'));
  await using server = await startExchangeSimulator({ mailboxes: [alice] });
  const file = join(folder.path, 'token');
  const first = server.tokens.issue(alice);
  const { signal } = new AbortController();
  const place = { cwd: folder.path, env: {}, secrets: new Secrets() };
  for (const end of [() => rm(file), () => writeFile(file, '')]) {
    await writeFile(file, first);
    const transport = await transportOf({ graph: { root: server.graphUrl, token: { file: 'token' } } }, alice, place, signal);
    await end();
    await transport.verify?.({ address: alice }, { signal });
    await transport.close?.();
  }
});
