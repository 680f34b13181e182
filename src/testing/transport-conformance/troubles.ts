import type { DeliveryOutcome, Note } from '../../transport/contract.ts';
import { equal, isTrue } from '../spool-conformance/assert.ts';
import type { TransportTrouble } from './harness.ts';
import { type Scene, statuses, type Test } from './scene.ts';

type Plain = Exclude<TransportTrouble, { items: unknown } | { processed: unknown } | { note: unknown } | { backOff: unknown }>;

/** What a server does that leaves nobody sure: looked for, before it is sent again. */
const unsure: readonly { readonly kind: Plain['kind']; readonly truth: 'found' | 'absent' }[] = [
  { kind: 'lost-response', truth: 'found' },
  { kind: 'truncated', truth: 'found' },
  { kind: 'reset-before', truth: 'absent' },
  { kind: 'html', truth: 'absent' },
  { kind: 'empty-error', truth: 'absent' },
];

/** What each kind of failure means. That no outcome says more than is true, the scene checks in every delivery. */
export function troubleTests(test: Test): void {
  for (const { kind, truth } of unsure) {
    test(
      `${kind}: unconfirmed, and a probe says ${truth}`,
      async (scene) => {
        const notes = scene.notes(3);
        await scene.arrange({ kind });
        const struck = unsureOf(scene, notes, await scene.deliver(notes));
        equal(
          statuses(await scene.probe(struck)),
          struck.map(() => truth),
          'what a probe finds',
        );
        const others = notes.filter((note) => !struck.includes(note));
        equal(
          statuses(await scene.probe(others)),
          others.map(() => 'absent'),
          'what a probe finds of those that were not sent',
        );
      },
      { needs: [kind] },
    );
  }

  test(
    'hang: unconfirmed soon after the deadline',
    async (scene) => {
      await scene.arrange({ kind: 'hang' });
      const started = performance.now();
      const notes = scene.notes(2);
      unsureOf(scene, notes, await scene.deliver(notes));
      isTrue(performance.now() - started < 10_000, 'the deadline holds');
    },
    { needs: ['hang'], deadline: 500 },
  );

  test(
    'busy: deferred for as long as the server wants, and not for this note alone',
    async (scene) => {
      await scene.arrange({ kind: 'busy', backOff: 25_000 });
      for (const outcome of await scene.deliver(scene.notes(2))) {
        equal(outcome.status, 'deferred', 'status');
        if (outcome.status === 'deferred' && outcome.error.code === 'NOT_ATTEMPTED') continue;
        expectScope(outcome, ['mailbox', 'endpoint']);
        isTrue(outcome.status === 'deferred' && (outcome.retryAfter ?? 0) >= 25_000, 'retryAfter is no less than asked for');
      }
    },
    { needs: ['busy'] },
  );

  test(
    'refused connection: deferred, for the whole endpoint',
    async (scene) => {
      const note = scene.note();
      await scene.arrange({ kind: 'refused-connection' });
      const outcome = await scene.deliverOne(note);
      equal(outcome.status, 'deferred', 'status');
      expectScope(outcome, ['endpoint']);
    },
    { needs: ['refused-connection'] },
  );

  test(
    'unauthorized: blocked until someone acts, and not sent',
    async (scene) => {
      await scene.arrange({ kind: 'unauthorized' });
      const outcome = await scene.deliverOne(scene.note());
      equal([outcome.status, outcome.status === 'blocked' && outcome.sent], ['blocked', 'no'], 'outcome');
      expectScope(outcome, ['mailbox', 'endpoint']);
    },
    { needs: ['unauthorized'] },
  );

  test(
    'an item that is rejected takes none of the others with it',
    async (scene) => {
      await scene.arrange({ kind: 'rejected-items', items: [1] });
      const outcomes = await scene.deliver(scene.notes(3));
      equal(statuses(outcomes), ['delivered', 'rejected', 'delivered'], 'outcomes');
      equal(outcomes[1]?.status === 'rejected' && outcomes[1].draft, 'none', 'draft');
    },
    { needs: ['rejected-items'] },
  );

  test(
    'send-as denied: rejected, and the draft that the server left is gone',
    async (scene) => {
      const { exchange, from } = scene.harness;
      await scene.arrange({ kind: 'send-as-denied' });
      const outcome = await scene.deliverOne(scene.note());
      equal([outcome.status, outcome.status === 'rejected' && outcome.draft], ['rejected', 'removed'], 'outcome');
      equal(exchange.drafts(from.address).length, 0, 'drafts');
    },
    { needs: ['send-as-denied'] },
  );

  test(
    'a code that nobody knows is unconfirmed',
    async (scene) => {
      await scene.arrange({ kind: 'unknown-code', items: [0] });
      equal((await scene.deliverOne(scene.note())).status, 'unconfirmed', 'status');
    },
    { needs: ['unknown-code'] },
  );

  test(
    'a warning is no success: what a stopped batch did not process is deferred',
    async (scene) => {
      await scene.arrange({ kind: 'batch-stopped', items: [1, 2] });
      equal(statuses(await scene.deliver(scene.notes(3))), ['delivered', 'deferred', 'deferred'], 'outcomes');
    },
    { needs: ['batch-stopped'] },
  );

  test(
    'fewer answers than notes: the rest is unconfirmed',
    async (scene) => {
      await scene.arrange({ kind: 'fewer-answers', processed: 2 });
      const notes = scene.notes(4);
      equal(statuses(await scene.deliver(notes)), ['delivered', 'delivered', 'unconfirmed', 'unconfirmed'], 'outcomes');
      equal(statuses(await scene.probe(notes)), ['found', 'found', 'absent', 'absent'], 'what a probe finds');
    },
    { needs: ['fewer-answers'] },
  );

  test(
    'an error for a batch of which a part was sent: all unconfirmed, and told apart by a probe',
    async (scene) => {
      await scene.arrange({ kind: 'fault-after', processed: 2 });
      const notes = scene.notes(3);
      equal(statuses(await scene.deliver(notes)), ['unconfirmed', 'unconfirmed', 'unconfirmed'], 'outcomes');
      equal(statuses(await scene.probe(notes)), ['found', 'found', 'absent'], 'what a probe finds');
    },
    { needs: ['fault-after'] },
  );
}

/** The notes whose outcome is open: all of a request; the rest of the call was not sent, and says so. */
export function unsureOf(scene: Scene, notes: readonly Note[], outcomes: readonly DeliveryOutcome[]): readonly Note[] {
  const unsure = notes.filter((_, at) => outcomes[at]?.status === 'unconfirmed');
  if (scene.harness.oneNotePerRequest !== true) {
    equal(
      statuses(outcomes),
      notes.map(() => 'unconfirmed'),
      'outcomes',
    );
    return unsure;
  }
  equal(outcomes[0]?.status, 'unconfirmed', 'the first outcome');
  for (const outcome of outcomes) {
    if (outcome.status === 'unconfirmed') continue;
    equal([outcome.status, outcome.status === 'deferred' && outcome.error.code], ['deferred', 'NOT_ATTEMPTED'], 'the others');
  }
  return unsure;
}

function expectScope(outcome: DeliveryOutcome, scopes: readonly string[]): void {
  if (outcome.status === 'delivered') throw new Error('an outcome with a scope was expected, but the note was delivered');
  isTrue(scopes.includes(outcome.scope), `scope ${outcome.scope} of ${outcome.status}; expected ${scopes.join(' or ')}`);
}
