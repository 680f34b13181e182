import { equal, isTrue, rejects } from '../spool-conformance/assert.ts';
import type { Test } from './scene.ts';

/** Where a note goes, and whether it can be sent from there. */
export function placeTests(test: Test): void {
  test('placeOf returns the same place each time, without a request', async (scene) => {
    const { transport, exchange, from, to } = scene.harness;
    const place = transport.placeOf(from);
    equal(transport.placeOf(from), place, 'the second answer');
    equal(transport.placeOf({ address: from.address }), place, 'without the name');
    equal(transport.placeOf(to).mailbox === place.mailbox, false, 'another mailbox has another place');
    equal(exchange.requests(), 0, 'requests');
  });

  test('a place is plain data that can be stored', async (scene) => {
    const { transport, from } = scene.harness;
    const place = transport.placeOf(from);
    for (const part of [place.endpoint, place.mailbox, place.folder]) isTrue(typeof part === 'string', 'strings only');
    equal(JSON.parse(JSON.stringify(place)), place, 'after a round trip through JSON');
    equal(place.mailbox.toLowerCase(), from.address.toLowerCase(), 'mailbox');
  });

  test('verify, if implemented, resolves when all is well, and leaves nothing in the mailboxes', async (scene) => {
    const { transport, exchange, from, to } = scene.harness;
    await transport.verify?.(from, { signal: new AbortController().signal });
    equal(
      [
        exchange.arrived(to.address),
        exchange.arrived(from.address),
        exchange.copies(from.address),
        exchange.drafts(from.address),
      ],
      [[], [], [], []],
      'mailboxes',
    );
  });

  test(
    'verify rejects with AUTHENTICATION_FAILED when the login is refused',
    async (scene) => {
      const { transport, from } = scene.harness;
      if (transport.verify === undefined) return;
      await scene.arrange({ kind: 'unauthorized' });
      const { signal } = new AbortController();
      await rejects(async () => transport.verify?.(from, { signal }), 'AUTHENTICATION_FAILED', 'verify');
      await transport.verify(from, { signal: AbortSignal.timeout(30_000) }).catch((error) => scene.expectDiscreet(error));
    },
    { needs: ['unauthorized'] },
  );
}
