/** Third-party Graph clients work with the simulator, unmodified and over https. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startExchangeSimulator } from '../../src/testing.ts';
import type { ForeignReport } from './support/foreign-client.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./support/foreign-client.ts', import.meta.url));
const alice = 'alice@contoso.test';

it.each(['graph-client', 'kiota'])(
  '%s',
  async (kind) => {
    const folder = await mkdtemp(join(tmpdir(), 'offline-im-ca-'));
    await using server = await startExchangeSimulator({ mailboxes: [alice, 'bob@contoso.test'], tls: true });
    try {
      const ca = join(folder, 'ca.pem');
      await writeFile(ca, server.ca ?? '');
      const { stdout } = await run(process.execPath, [script, kind, server.graphUrl, server.tokens.issue(alice), alice], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
        timeout: 300_000,
      });
      expect(JSON.parse(stdout) as ForeignReport).toEqual({
        user: alice,
        found: { subject: 'Note 1', isDraft: false, tag: 'a:1' },
        byId: 'Note 1',
        folders: expect.arrayContaining(['Inbox', 'Drafts', 'Sent Items', 'Deleted Items']),
        pages: 3,
        movedTo: 'deleteditems',
        missing: 'ErrorItemNotFound',
      });
      expect(server.mailbox('bob@contoso.test').folder('inbox').size).toBe(3);
      expect(server.mailbox(alice).folder('drafts').size).toBe(0);
      expect(server.mailbox(alice).folder('deleteditems').size).toBe(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  90_000,
);
