import { anyString, type CheckedMethod, listWith, maybeObject, objectWith, strings } from '../core/arguments.ts';
import type { Clock } from '../core/clock.ts';
import { callback, having, optional, rule } from '../core/options.ts';

const entryIds = strings('an array of entry ids');
const onEntries: CheckedMethod = { refuses: 'rejects', takes: { entryIds } };
const byEntry: CheckedMethod = { refuses: 'rejects', takes: { entryId: anyString('the id of an entry') } };
const lanes = optional(
  rule('{ only } or { except }, an array of mailboxes', (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const { only, except } = value as { only?: unknown; except?: unknown };
    return [only, except].filter((list) => Array.isArray(list) && list.every((lane) => typeof lane === 'string')).length === 1;
  }),
);

/** The arguments of each method of the storage contract. The values of fields are checked where they are read. */
export const spoolArguments: Readonly<Record<string, CheckedMethod>> = {
  open: {
    refuses: 'rejects',
    takes: {
      context: rule('{ clock, tombstones } with a clock: systemClock, or a ManualClock in tests', (value) => {
        if (typeof value !== 'object' || value === null) return false;
        try {
          return isClock.read((value as { clock?: unknown }).clock, { owner: '', name: '' }) !== undefined;
        } catch {
          return false;
        }
      }),
    },
  },
  append: {
    refuses: 'rejects',
    takes: {
      entries: listWith('an array of new entries', {}),
      options: maybeObject('{ client } or nothing'),
    },
  },
  claim: {
    refuses: 'rejects',
    takes: { request: objectWith('a ClaimRequest', { kind: 'string', limit: 'number', owner: 'string', freeze: 'function' }) },
  },
  renew: {
    refuses: 'rejects',
    takes: { claims: strings('an array of claim tokens'), lease: rule('a duration in ms', (ms) => Number.isFinite(ms)) },
  },
  partOf: { refuses: 'throws', takes: { claim: anyString('a claim token') } },
  refreeze: {
    refuses: 'rejects',
    takes: { notes: listWith('an array of { token, frozen }', { token: 'string', frozen: 'object' }) },
  },
  settle: {
    refuses: 'rejects',
    takes: { settlements: listWith('an array of { token, to }', { token: 'string' }) },
  },
  expire: {
    refuses: 'rejects',
    takes: { request: objectWith('an ExpireRequest', { owner: 'string', closedLanes: 'object' }) },
  },
  nextDue: { refuses: 'rejects', takes: { lanes } },
  entryIdFor: { refuses: 'throws', takes: { lane: anyString('the address of a mailbox'), id: anyString('the id of an entry') } },
  get: byEntry,
  standing: byEntry,
  findMessage: { refuses: 'rejects', takes: { messageId: anyString('the id of a message') } },
  list: { refuses: 'throws', takes: { query: maybeObject('{ lane, state } or nothing') } },
  hold: onEntries,
  release: onEntries,
  cancel: onEntries,
  requeue: { refuses: 'rejects', takes: { entryIds, options: maybeObject('{ force } or nothing') } },
  purge: onEntries,
  holdExported: onEntries,
  letAdoptedGo: onEntries,
  adopt: { refuses: 'rejects', takes: { moved: listWith('an array of moved entries', { id: 'string', state: 'string' }) } },
  watch: { refuses: 'throws', takes: { wake: callback() } },
};

const isClock = having<Clock>('a clock', ['now', 'monotonic', 'setTimer']);
