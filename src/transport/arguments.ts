import { type CheckedMethod, listWith, objectWith } from '../core/arguments.ts';
import { property } from '../core/errors/thrown.ts';
import { isAbortSignal, rule } from '../core/options.ts';

const from = objectWith('a Mailbox, { address }', { address: 'string' });
const withSignal = rule('{ signal } with an AbortSignal', (value) => isAbortSignal(property(value, 'signal')));
const withLease = rule(
  '{ signal, mayWrite }',
  (value) => isAbortSignal(property(value, 'signal')) && typeof property(value, 'mayWrite') === 'function',
);
const place = objectWith('a Place, { endpoint, mailbox, folder }', { endpoint: 'string', mailbox: 'string', folder: 'string' });
const notes = listWith('an array of notes', {
  id: 'string',
  tag: 'string',
  from: 'object',
  place: 'object',
  unknownAttempts: 'object',
});

/** The arguments of each method of the transport contract. */
export const transportArguments: Readonly<Record<string, CheckedMethod>> = {
  deliver: {
    refuses: 'rejects',
    takes: { notes, options: withLease },
  },
  probe: { refuses: 'rejects', takes: { notes, options: withSignal } },
  placeOf: { refuses: 'throws', takes: { from } },
  canProbe: { refuses: 'throws', takes: { place } },
  minimumGrace: { refuses: 'throws', takes: { place } },
  verify: { refuses: 'rejects', takes: { from, options: withSignal } },
  findStrandedDrafts: { refuses: 'rejects', takes: { from } },
  removeStrandedDrafts: { refuses: 'rejects', takes: { drafts: listWith('an array of what findStrandedDrafts() found', {}) } },
};
