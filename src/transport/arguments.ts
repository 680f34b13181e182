import { type CheckedMethod, listWith, objectWith } from '../core/arguments.ts';

const from = objectWith('a Mailbox, { address }', { address: 'string' });
const signal = objectWith('{ signal } with an AbortSignal', { signal: 'object' });
const place = objectWith('a Place, { endpoint, mailbox, folder }', { endpoint: 'string', mailbox: 'string', folder: 'string' });
const notes = listWith('an array of notes', {
  id: 'string',
  tag: 'string',
  from: 'object',
  place: 'object',
  unknownAttempts: 'object',
});

/** Methods of the transport contract by what they are called with. */
export const transportArguments: Readonly<Record<string, CheckedMethod>> = {
  deliver: {
    refuses: 'rejects',
    takes: { notes, options: objectWith('{ signal, mayWrite }', { signal: 'object', mayWrite: 'function' }) },
  },
  probe: { refuses: 'rejects', takes: { notes, options: signal } },
  placeOf: { refuses: 'throws', takes: { from } },
  canProbe: { refuses: 'throws', takes: { place } },
  minimumGrace: { refuses: 'throws', takes: { place } },
  verify: { refuses: 'rejects', takes: { from, options: signal } },
  findStrandedDrafts: { refuses: 'rejects', takes: { from } },
  removeStrandedDrafts: { refuses: 'rejects', takes: { drafts: listWith('an array of what findStrandedDrafts() found', {}) } },
};
