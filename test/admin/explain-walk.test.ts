/** Every reason why a message waits, produced by a running sender: what it reports itself, and what an operator is told who has only the storage. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpoolHandle } from '../../src/admin/spool-handle.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { WaitingFor } from '../../src/sender/status.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-explain-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Scene = ReturnType<typeof aliceSends>;

const pickup = 120_000;
const error = (code: 'EWS_ERROR' | 'AUTHENTICATION_FAILED' | 'ENDPOINT_UNREACHABLE' | 'CONNECTION_LOST') =>
  new OfflineImError(code, 'The server said no.');
const send = ({ sender }: Scene, messageId: string) => sender.send({ to: 'sip:bob@contoso.com', text: 'x', messageId });

/** Sends the message, and lets the sender try it once, with that outcome. */
async function tried(scene: Scene, outcome: DeliveryOutcome): Promise<void> {
  scene.transport.answer = () => outcome;
  await scene.sender.start();
  await send(scene, 'm');
  await scene.clock.advance(pickup + 31_000);
}

const ways: Readonly<
  Record<WaitingFor, { readonly bring: (scene: Scene) => Promise<void>; readonly says: RegExp; readonly todo: RegExp }>
> = {
  pickup: {
    bring: async (scene) => {
      await scene.sender.start();
      await send(scene, 'm');
    },
    says: /is waiting for its pickup time; a sender picks it up at /,
    todo: /^Nothing/,
  },
  'back-off': {
    bring: (scene) => tried(scene, { status: 'deferred', scope: 'note', error: error('EWS_ERROR'), retryAfter: 600_000 }),
    says: /^The last attempt failed \(EWS_ERROR: The server said no\.\); the next one is at /,
    todo: /offline-im hold (\S+), then offline-im release \1$/,
  },
  order: {
    bring: async (scene) => {
      scene.transport.answer = () => ({ status: 'deferred', scope: 'note', error: error('EWS_ERROR'), retryAfter: 600_000 });
      await scene.sender.start();
      await send(scene, 'older');
      await scene.clock.advance(pickup + 1_000);
      await send(scene, 'm');
    },
    says: /^It is waiting for an older message in its conversation to finish \(older, deferred\)\./,
    todo: /offline-im explain \S+$/,
  },
  'mailbox-blocked': {
    bring: (scene) => tried(scene, { status: 'blocked', scope: 'mailbox', sent: 'no', error: error('AUTHENTICATION_FAILED') }),
    says: /^The mailbox alice@contoso\.com has been blocked since .* \(AUTHENTICATION_FAILED: The server said no\.\); the next attempt is at /,
    todo: /retry-now alice@contoso\.com$/,
  },
  'endpoint-unavailable': {
    bring: (scene) => tried(scene, { status: 'blocked', scope: 'endpoint', sent: 'no', error: error('ENDPOINT_UNREACHABLE') }),
    says: /^The server has been unreachable, or has refused all requests, since .* \(ENDPOINT_UNREACHABLE: The server said no\.\); the next attempt is at /,
    todo: /retry-now$/,
  },
  probe: {
    bring: async (scene) => {
      scene.transport.answerProbe = () => ({ status: 'unknown', error: error('CONNECTION_LOST') });
      await tried(scene, { status: 'unconfirmed', ended: 'silence', scope: 'note', error: error('CONNECTION_LOST') });
    },
    says: /^It may have been sent \(.*\), so the mailbox is searched for it before it is ever resent; the next probe is at .* It was accepted at \S+Z and is not resent after \S+Z\.$/,
    todo: /OUTCOME_UNKNOWN/,
  },
  held: {
    bring: async (scene) => {
      await scene.sender.start();
      await send(scene, 'm');
      await scene.sender.hold('m');
    },
    // Held entries do not expire.
    says: /until it is released\. It was accepted at \S+Z\.$/,
    todo: /^offline-im release /,
  },
  paused: {
    bring: async (scene) => {
      await scene.sender.start();
      await send(scene, 'm');
      await scene.sender.pause('alice@contoso.com', { by: 'carol', why: 'moved' });
      await scene.clock.advance(pickup + 31_000);
    },
    says: /^Delivery was paused for the mailbox alice@contoso\.com at .* by carol \(moved\); it waits until delivery resumes/,
    todo: /^offline-im resume alice@contoso\.com$/,
  },
  worker: {
    // The spool is open; the sender was not started.
    bring: async (scene) => {
      await send(scene, 'm');
      await scene.clock.advance(pickup + 31_000);
    },
    says: /^It is due, but no sender has picked it up yet\./,
    todo: /offline-im drain$/,
  },
};

describe.each(Object.entries(ways))('an entry that waits for %s', (waitingFor, { bring, says, todo }) => {
  it('is explained alike by its sender, by an operator beside it, and by one who opens the spool later', async () => {
    const path = join(folder, 'spool.db');
    const scene = aliceSends({ spool: new SqliteSpool({ path }) });
    await bring(scene);
    expect((await scene.sender.status('m'))?.entries).toMatchObject([{ waitingFor }]);
    const storage = new SqliteSpool({ path });
    await storage.open({ clock: scene.clock, tombstones: 86_400_000 });
    const beside = new SpoolHandle(storage, 'carol');
    const [explanation] = await beside.explain('m');
    expect(explanation).toMatchObject({
      waitingFor,
      sentence: expect.stringMatching(says),
      advice: expect.stringMatching(todo),
    });
    await scene.sender.stop();
    expect(await beside.explain('m')).toMatchObject([{ waitingFor, sentence: expect.stringMatching(says) }]);
    await beside.close();
  });
});

it('an entry in back-off is tried at once after hold and release, as the explanation advises', async () => {
  const scene = aliceSends({ spool: new SqliteSpool({ path: join(folder, 'spool.db') }) });
  await ways['back-off'].bring(scene);
  scene.transport.answer = ({ messageClass }) => ({ status: 'delivered', messageClass });
  const attempts = scene.transport.delivered.length;
  // Not before the pause of its mailbox ends, whatever is requested.
  scene.sender.retryNow('alice@contoso.com');
  await scene.clock.advance(31_000);
  expect(scene.transport.delivered.length).toBe(attempts);
  await scene.sender.hold('m');
  await scene.sender.release('m');
  await scene.clock.advance(31_000);
  expect((await scene.sender.status('m'))?.entries).toMatchObject([{ state: 'delivered' }]);
  await scene.sender.stop();
});
