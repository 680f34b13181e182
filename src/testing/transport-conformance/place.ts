import { equal, isTrue, rejects } from '../spool-conformance/assert.ts';
import type { Test } from './scene.ts';

/** Where a note goes, and whether it can. */
export function placeTests(test: Test): void {
  test('placeOf answers at once, the same each time, and asks nobody', async (scene) => {
    const { transport, exchange, from, to } = scene.harness;
    const place = transport.placeOf(from);
    equal(transport.placeOf(from), place, 'the second answer');
    equal(transport.placeOf({ address: from.address }), place, 'without the name');
    equal(transport.placeOf(to).mailbox === place.mailbox, false, 'another mailbox has another place');
    equal(exchange.requests(), 0, 'requests');
  });

  test('a place is plain data, so that it can be stored', async (scene) => {
    const { transport, from } = scene.harness;
    const place = transport.placeOf(from);
    for (const part of [place.endpoint, place.mailbox, place.folder]) isTrue(typeof part === 'string', 'strings only');
    equal(JSON.parse(JSON.stringify(place)), place, 'after a round trip through JSON');
    equal(place.mailbox.toLowerCase(), from.address.toLowerCase(), 'mailbox');
  });

  test('verify, where there is one, resolves when all is well and leaves nothing behind', async (scene) => {
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
    'verify rejects a login that is refused',
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
