import { anyString, type CheckedMethod, objectWith } from '../../core/arguments.ts';
import type { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { group, invalidOption, oneOf, optional, rule, unchecked, whole } from '../../core/options.ts';
import { spoolStates } from '../entry.ts';
import { bulkVerbs } from './contract.ts';

const time = optional(rule('a time in ms since 1970 UTC', (ms) => Number.isFinite(ms)));
const mailbox = optional(anyString('the address of a mailbox'));
const remark = optional(anyString('a text'));

/** A field that is misspelled is refused: left out, it would widen what a bulk change acts on. */
const fields = group({
  state: optional(oneOf(spoolStates)),
  lane: mailbox,
  recipient: mailbox,
  since: time,
  until: time,
  code: optional(anyString('an error code')),
});
const expected = `an EntryFilter, ${fields.expected}, or {} for all`;
const filter: typeof fields = {
  ...fields,
  read: (value, path) => fields.read(rule(expected, (given) => given !== undefined).read(value, path), path),
};

/** Methods of {@link SpoolAdmin} by what they are called with. */
export const adminArguments: Readonly<Record<string, CheckedMethod>> = {
  pause: { refuses: 'rejects', takes: { pause: group({ lane: mailbox, by: anyString('who did it'), why: remark }) } },
  resume: { refuses: 'rejects', takes: { lane: mailbox } },
  report: {
    refuses: 'rejects',
    takes: { report: objectWith('a ProcessReport', { owner: 'string', pollInterval: 'number', obstacles: 'object' }) },
  },
  audit: {
    refuses: 'rejects',
    takes: {
      record: optional(
        group({
          by: anyString('who did it'),
          command: anyString('what was asked'),
          filter: optional(fields),
          count: optional(whole(0, Number.MAX_SAFE_INTEGER)),
          at: unchecked(),
        }),
      ),
    },
  },
  listBy: {
    refuses: 'rejects',
    takes: {
      filter,
      cursor: optional(anyString('the cursor of the previous page')),
      limit: optional(whole(1, Number.MAX_SAFE_INTEGER)),
    },
  },
  change: {
    refuses: 'rejects',
    takes: {
      verb: oneOf(bulkVerbs),
      filter,
      options: objectWith('{ limit, dryRun, … }', { limit: 'number', dryRun: 'boolean' }),
    },
  },
};

/** The error for a cursor that no list of this storage has given out. */
export function cursorInvalid(cursor: string): OfflineImError {
  return invalidOption(
    { owner: 'spool.admin.listBy()', name: 'cursor' },
    cursor,
    'the cursor of an earlier page of the same spool',
  );
}
