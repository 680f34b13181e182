import { newEntry } from '../../support/spool-entries.ts';
import { type Step, twoAudiences } from './power-cut.ts';

const reason = { code: 'EWS_ERROR', text: 'ErrorX' } as const;
const later: Step = ({ clock }) => clock.advance(600_000);
const append: Step = (world) => world.append(newEntry('a'), newEntry('b'), ...twoAudiences('two'));
const claim: Step = (world) => world.claim();
const probe: Step = (world) => world.claim('probe');
const deferred: Step = (world) => world.settle({ to: 'deferred', after: 1000, failure: true, reason });
const lost: Step = (world) => world.settle({ to: 'unconfirmed', after: 1000, absent: false, counted: 0, reason });
const dead: Step = (world) => world.settle({ to: 'dead', sent: 'unknown', reason });
const all = ['a', 'b', 'two-in', 'two-out'];

/** The history of a file spool during which the power fails. */
export const scenarios: Readonly<Record<string, readonly Step[]>> = {
  append: [
    (world) => world.append(newEntry('a')),
    (world) => world.append(...twoAudiences('two')),
    (world) => Promise.all([world.append(newEntry('c')), world.append(...twoAudiences('four')), world.append(newEntry('d'))]),
  ],
  'claim, delivered': [append, claim, (world) => world.settle({ to: 'delivered' })],
  'claim, taken back': [append, claim, (world) => world.settle({ to: 'unclaim' }), claim],
  'claim, deferred, taken back': [append, claim, deferred, later, claim, (world) => world.settle({ to: 'unclaim' })],
  'claim, deferred, again, delivered': [append, claim, deferred, later, claim, (world) => world.settle({ to: 'delivered' })],
  'claim, dead, requeued, claimed': [
    append,
    claim,
    (world) => world.settle({ to: 'dead', sent: 'no', reason }),
    ({ spool }) => spool.requeue(all),
    claim,
  ],
  'claim, dead unknown, requeued, found absent': [append, claim, dead, ({ spool }) => spool.requeue(all), later, probe, deferred],
  'claim, dead unknown, requeued by force, delivered late': [
    append,
    claim,
    dead,
    ({ spool }) => spool.requeue(all, { force: true }),
    (world) => world.settle({ to: 'delivered' }),
  ],
  'claim, held, released': [append, claim, (world) => world.settle({ to: 'held' }), ({ spool }) => spool.release(all)],
  'claim, cancelled by the hook': [append, claim, (world) => world.settle({ to: 'cancelled' })],
  'claim, split, claimed one by one': [append, claim, (world) => world.settle({ to: 'split', reason }), claim, deferred],
  'claim, unconfirmed, looked for': [append, claim, lost, later, probe, lost, later, probe, deferred],
  'claim, unconfirmed, found': [append, claim, lost, later, probe, (world) => world.settle({ to: 'delivered' })],
  'claim, unconfirmed, given up': [append, claim, lost, later, probe, dead],
  'claim, unconfirmed, cancel asked for, absent': [
    append,
    claim,
    lost,
    ({ spool }) => spool.cancel(['a', 'two-in']),
    later,
    probe,
    deferred,
  ],
  'one of a note held, released to be looked for': [
    append,
    claim,
    lost,
    later,
    probe,
    deferred,
    ({ spool }) => spool.hold(['b', 'two-out']),
    ({ spool }) => spool.release(['b', 'two-out']),
  ],
  'expiry of what may have been sent: from one note to another': [
    append,
    claim,
    lost,
    later,
    probe,
    deferred,
    ({ clock }) => clock.advance(6 * 86_400_000),
    ({ spool }) => spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } }),
  ],
  'expiry of some of a note': [
    (world) => world.append(newEntry('a'), newEntry('b', { expiresIn: 3_600_000 }), newEntry('c')),
    claim,
    lost,
    later,
    probe,
    deferred,
    ({ clock }) => clock.advance(2 * 3_600_000),
    ({ spool }) => spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } }),
  ],
  'hold, release, cancel, purge': [
    append,
    ({ spool }) => spool.hold(['a', 'two-in']),
    ({ spool }) => spool.hold(['two-out']),
    ({ spool }) => spool.release(['a', 'two-in', 'two-out']),
    ({ spool }) => spool.cancel(['a', 'two-in']),
    ({ spool }) => spool.purge(['a']),
    ({ spool }) => spool.cancel(all),
  ],
  'dead, purged': [append, claim, dead, ({ spool }) => spool.purge(['a', 'two-out'])],
  'a process dies in between': [
    append,
    claim,
    (world) => world.settle({ to: 'unclaim' }),
    (world) => world.restart(),
    claim,
    (world) => world.restart(),
    later,
    probe,
    deferred,
    later,
    claim,
    (world) => world.settle({ to: 'delivered' }),
    (world) => world.restart(),
  ],
  'tombstones whose time is over': [
    append,
    ({ spool }) => spool.cancel(['a', 'two-in']),
    ({ clock }) => clock.advance(2 * 86_400_000),
    ({ spool }) => spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } }),
    ({ spool }) => spool.cancel(['b', 'two-out']),
    ({ clock }) => clock.advance(2 * 86_400_000),
    ({ spool }) => spool.expire({ owner: 'run-1', closedLanes: [], reason: { code: 'EXPIRED', text: 'Too late.' } }),
  ],
};
