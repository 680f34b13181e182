import type { DeliveryOutcome, Note } from '../../transport/contract.ts';
import { equal, isTrue } from '../spool-conformance/assert.ts';
import type { TransportTrouble } from './harness.ts';
import { type Scene, statuses, type Test } from './scene.ts';

type Plain = Exclude<TransportTrouble, { items: unknown } | { processed: unknown } | { note: unknown } | { backOff: unknown }>;

/** Server behaviour that leaves the outcome open: the note must be probed before it is sent again. */
const unsure: readonly { readonly kind: Plain['kind']; readonly truth: 'found' | 'absent' }[] = [
  { kind: 'lost-response', truth: 'found' },
  { kind: 'truncated', truth: 'found' },
  { kind: 'reset-before', truth: 'absent' },
  { kind: 'html', truth: 'absent' },
  { kind: 'empty-error', truth: 'absent' },
];

/** What each kind of failure means. After every delivery, the scene checks that no outcome claims more than is true. */
export function troubleTests(test: Test): void {
  for (const { kind, truth } of unsure) {
    test(
      `${kind}: the notes are unconfirmed, and a probe returns ${truth}`,
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
    'hang: the notes are unconfirmed soon after the deadline',
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
    'busy: the notes are deferred for as long as the server asks, for the mailbox or endpoint',
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
    'refused connection: the note is deferred, for the whole endpoint',
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
    'unauthorized: the note is blocked and not sent',
    async (scene) => {
      await scene.arrange({ kind: 'unauthorized' });
      const outcome = await scene.deliverOne(scene.note());
      equal([outcome.status, outcome.status === 'blocked' && outcome.sent], ['blocked', 'no'], 'outcome');
      expectScope(outcome, ['mailbox', 'endpoint']);
    },
    { needs: ['unauthorized'] },
  );

  test(
    'rejected item: the other notes of the request are delivered',
    async (scene) => {
      await scene.arrange({ kind: 'rejected-items', items: [1] });
      const outcomes = await scene.deliver(scene.notes(3));
      equal(statuses(outcomes), ['delivered', 'rejected', 'delivered'], 'outcomes');
      equal(outcomes[1]?.status === 'rejected' && outcomes[1].draft, 'none', 'draft');
    },
    { needs: ['rejected-items'] },
  );

  test(
    'send-as denied: the note is rejected, and the draft left by the server is removed',
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
    'unknown code: the note is unconfirmed',
    async (scene) => {
      await scene.arrange({ kind: 'unknown-code', items: [0] });
      equal((await scene.deliverOne(scene.note())).status, 'unconfirmed', 'status');
    },
    { needs: ['unknown-code'] },
  );

  test(
    'stopped batch: a warning does not count as success, unprocessed notes are deferred',
    async (scene) => {
      await scene.arrange({ kind: 'batch-stopped', items: [1, 2] });
      equal(statuses(await scene.deliver(scene.notes(3))), ['delivered', 'deferred', 'deferred'], 'outcomes');
    },
    { needs: ['batch-stopped'] },
  );

  test(
    'fewer answers than notes: the unanswered notes are unconfirmed',
    async (scene) => {
      await scene.arrange({ kind: 'fewer-answers', processed: 2 });
      const notes = scene.notes(4);
      equal(statuses(await scene.deliver(notes)), ['delivered', 'delivered', 'unconfirmed', 'unconfirmed'], 'outcomes');
      equal(statuses(await scene.probe(notes)), ['found', 'found', 'absent', 'absent'], 'what a probe finds');
    },
    { needs: ['fewer-answers'] },
  );

  test(
    'error after part of a batch was sent: all notes are unconfirmed, and a probe tells which were sent',
    async (scene) => {
      await scene.arrange({ kind: 'fault-after', processed: 2 });
      const notes = scene.notes(3);
      equal(statuses(await scene.deliver(notes)), ['unconfirmed', 'unconfirmed', 'unconfirmed'], 'outcomes');
      equal(statuses(await scene.probe(notes)), ['found', 'found', 'absent'], 'what a probe finds');
    },
    { needs: ['fault-after'] },
  );
}

/** The notes whose outcome is open: all notes of a request. The rest of the call must be reported as not attempted. */
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
