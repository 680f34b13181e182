/** Entries and notes as rows of a database: written rows are read back unchanged, and invalid ones are refused without quoting them. */
import { describe, expect, it } from 'vitest';
import { spoolStates } from '../../../src/spool/contract.ts';
import { addedAttempts, packAttempts, packedList, packedStatus, unpackedList } from '../../../src/spool/rows/attempts.ts';
import {
  bodyOf,
  type Cell,
  type EntryRow,
  entryOf,
  fixedCells,
  fixedColumns,
  knownState,
  messageOf,
  RowError,
  statusCells,
  statusColumns,
} from '../../../src/spool/rows/entry-row.ts';
import { type NoteRow, noteCells, noteColumns, noteOf } from '../../../src/spool/rows/note-row.ts';
import type { EntryRecord, NoteRecord } from '../../../src/spool/state/records.ts';
import type { UnknownAttempt } from '../../../src/transport/contract.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { delivering, place, probed, reason, Scene } from '../state/scene.ts';

/** A row as a database returns it. */
function rowOf<Row>(columns: readonly string[], cells: readonly Cell[]): Row {
  expect(cells).toHaveLength(columns.length);
  return Object.fromEntries(columns.map((column, at) => [column, cells[at]])) as Row;
}
const entryRow = ({ fixed, status }: EntryRecord): EntryRow =>
  rowOf([...fixedColumns, ...statusColumns], [...fixedCells(fixed), ...statusCells(status)]);
const noteRow = (note: NoteRecord): NoteRow => rowOf(noteColumns, noteCells(note));

const entry = (): EntryRecord => {
  const scene = new Scene();
  scene.append('a', { message: { ...newEntry('a').message, to: [{ address: 'bob@contoso.com', name: 'Bob' }] } });
  return scene.entry('a');
};
const attempts = Array.from({ length: 9 }, (_, index) => ({ tag: `n:${index + 1}`, place }));

describe('an entry', () => {
  it('that waits has null for missing values', () => {
    const record = entry();
    const row = entryRow(record);
    expect(entryOf(row)).toEqual(record);
    expect([row.recipients, row.tried_by, row.note_id, row.reason, row.ended_at, row.sent_class, row.unknown_attempts]).toEqual([
      '[{"address":"bob@contoso.com","name":"Bob"}]',
      ...Array.from({ length: 6 }, () => null),
    ]);
    expect([row.single, row.cancel_requested, row.purged]).toEqual([0, 0, 0]);
  });

  it('with every value round-trips', () => {
    const { fixed, status } = entry();
    const record: EntryRecord = {
      fixed,
      status: {
        ...status,
        state: 'delivered',
        single: true,
        cancelRequested: true,
        unknownAttempts: attempts,
        triedBy: 'run-1',
        noteId: 'n',
        attempt: 9,
        reason,
        endedAt: 5,
        sentClass: 'IPM.Note',
        purged: true,
      },
    };
    const row = entryRow(record);
    expect(entryOf(row)).toEqual(record);
    expect([row.single, row.cancel_requested, row.purged]).toEqual([1, 1, 1]);
    expect(JSON.parse(row.unknown_attempts ?? '')).toHaveProperty('unknownAttempts', attempts.slice(-4));
  });

  it('has whole ms in its columns: a wait is never shorter than requested', () => {
    const { fixed, status } = entry();
    const row = entryRow({
      fixed: { ...fixed, weight: 1.2, pickupAt: 2.1, expiresIn: 3.5 },
      status: { ...status, due: { at: 4.1, within: 5.1 }, expiresAt: 6.1 },
    });
    expect([row.weight, row.pickup_at, row.expires_in, row.due_at, row.due_within, row.expires_at]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it.each([...spoolStates])('may be %s', (state) => {
    const { fixed, status } = entry();
    expect(entryOf(entryRow({ fixed, status: { ...status, state } })).status.state).toBe(state);
    expect(knownState(state)).toBe(state);
  });

  it.each<[string, Partial<EntryRow>]>([
    ['the state', { state: 'sending' }],
    ['the recipients', { recipients: 'secret' }],
    ['the recipients', { recipients: '{}' }],
    ['the reason', { reason: 'secret' }],
    ['the reason', { reason: '[]' }],
    ['the reason', { reason: 'null' }],
    ['the reason', { reason: '"secret"' }],
    ['the unknown attempts', { unknown_attempts: 'secret' }],
    ['the unknown attempts', { unknown_attempts: '"secret"' }],
    ['the unknown attempts', { unknown_attempts: '{"unknownAttempts":[]}' }],
  ])('with a value that was never written is refused: %s, %j', (where, parts) => {
    const read = () => entryOf({ ...entryRow(entry()), ...parts });
    expect(read).toThrow(RowError);
    expect(read).toThrow(`${where} cannot be read`);
  });

  it('without a list of recipients has none: only its tombstone is left', () => {
    expect(entryOf({ ...entryRow(entry()), recipients: null as never }).fixed.to).toEqual([]);
  });
});

describe('a message', () => {
  const { message } = newEntry('a');

  it.each([{}, { html: '<p>hello</p>' }, { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }])(
    'comes back with %j, and its recipients from the row of its entry',
    (parts) => {
      const body = bodyOf({ ...message, ...parts });
      expect(JSON.parse(body)).not.toHaveProperty('to');
      expect(messageOf(body, message.to)).toStrictEqual({ ...message, ...parts });
    },
  );

  it.each(['secret', '[]', '{}', ...['text', 'from', 'sentAt'].map((part) => bodyOf({ ...message, [part]: undefined }))])(
    'that is invalid is refused: %s',
    (body) => {
      expect(() => messageOf(body, [])).toThrow(new RowError('the message'));
    },
  );

  it.each([{ sip: 'sip:a' }, { mailbox: { address: 'a@b' } }, { sip: 'sip:a', mailbox: {} }])(
    'from nobody is refused: %j',
    (from) => {
      expect(() => messageOf(bodyOf({ ...message, from: from as never }), [])).toThrow(new RowError('the message'));
    },
  );
});

describe('a note', () => {
  const leased = () => {
    const { scene, note } = delivering('a', 'b');
    return scene.note(note.noteId);
  };

  it('in progress has its lease, and who tried its members before', () => {
    const note = leased();
    expect(noteOf(noteRow(note))).toEqual(note);
    const row = noteRow(note);
    expect([row.lease_before, row.lease_tried_by]).toEqual([null, null]);
    const { scene, note: looked } = probed('a', 'b');
    const probe = scene.note(looked.noteId);
    expect(probe.lease?.triedBy.size).toBe(2);
    expect(noteOf(noteRow(probe))).toEqual(probe);
  });

  it('that is not in progress and has nothing frozen round-trips', () => {
    const { lease: _lease, frozen: _frozen, ...note } = leased();
    const row = noteRow(note);
    expect(noteOf(row)).toStrictEqual(note);
    expect([row.frozen, row.token, row.lease_kind, row.lease_until, row.lease_before, row.lease_tried_by]).toEqual(
      Array.from({ length: 6 }, () => null),
    );
  });

  it('has whole ms in its columns', () => {
    const note = leased();
    const { lease } = note;
    const row = noteRow({
      ...note,
      due: { at: 1.1, within: 2.1 },
      lastRanAt: 3.1,
      unconfirmedFor: 4.1,
      ...(lease && { lease: { ...lease, until: 5.1 } }),
    });
    expect([row.due_at, row.due_within, row.last_ran_at, row.unconfirmed_for, row.lease_until]).toEqual([2, 3, 4, 5, 6]);
  });

  it.each(['delivering', 'deferred', 'unconfirmed'] as const)('may be %s', (state) => {
    expect(noteOf(noteRow({ ...leased(), state })).state).toBe(state);
  });

  it.each<[string, Partial<NoteRow>]>([
    ['the state of a note', { state: 'spooled' }],
    ['the members', { entry_ids: 'secret' }],
    ['what is frozen', { frozen: '[]' }],
    ['the lease', { lease_kind: 'send' }],
    ['the lease', { lease_kind: null }],
    ['the end of the lease', { lease_until: null }],
    ['the note before the lease', { lease_before: 'secret' }],
    ['the members before the lease', { lease_tried_by: '{}' }],
  ])('with a value that was never written is refused: %s, %j', (where, parts) => {
    expect(() => noteOf({ ...noteRow(leased()), ...parts })).toThrow(new RowError(where));
  });
});

describe('the attempts of a status, as stored in files', () => {
  const statusWith = (count: number) => ({ ...entry().status, unknownAttempts: attempts.slice(0, count) });

  it.each([0, 4, 5, 9])('%s of them come back in order; the last four are written out', (count) => {
    const status = statusWith(count);
    const packed = packAttempts(status);
    expect(packed.unknownAttempts).toEqual(status.unknownAttempts.slice(-4));
    expect('earlierAttempts' in packed).toBe(count > 4);
    expect(packedStatus(JSON.parse(JSON.stringify(packed)), 'the status')).toEqual(status);
  });

  it('stay unchanged if their tags are not a note id and a number', () => {
    for (const tag of ['n', ':1', 'n:x', 'n:01', 'n:1.5']) {
      const status = { ...statusWith(0), unknownAttempts: [{ tag, place }, ...attempts] };
      expect(packAttempts(status)).toBe(status);
    }
  });

  const { earlierAttempts } = packAttempts(statusWith(9));
  it.each([
    ['no origin of that index', [[7, 1, 2]]],
    ['a run that ends before it begins', [[0, 2, 1]]],
    ['a run of more than a million', [[0, 1, 1_000_001]]],
    ['a run of four numbers', [[0, 1, 2, 3]]],
    ['an invalid run', ['0']],
    ['origins with a second count', [['00', 1, 2]]],
    ['origins of other characters', [['0-', 1]]],
    ['no origins', [['', 1]]],
    ['an origin that is not there', [['01', 1]]],
  ])('with %s are refused', (_what, runs) => {
    const stored = { ...packAttempts(statusWith(9)), earlierAttempts: { ...earlierAttempts, runs } };
    expect(() => packedStatus(stored, 'the status')).toThrow(/^the status\.earlierAttempts\.runs/);
  });
});

describe('a list of attempts, as stored in databases', () => {
  /** Attempts of one note, numbered from `first`, by a letter for the folder of each; `F` and `G` ended by a fault. */
  const of = (letters: string, first = 1) =>
    [...letters].map((letter, at) => ({
      tag: `n:${first + at}`,
      place: { ...place, folder: letter.toLowerCase() },
      ...(letter === letter.toUpperCase() ? { ended: 'fault' as const } : {}),
    }));
  const written = of('zzzz', 900);
  const comesBack = (attempts: readonly UnknownAttempt[]) => {
    const packed = JSON.parse(JSON.stringify(packedList(attempts)));
    expect(unpackedList(packed, 'the attempts')).toEqual(attempts);
    return packed.earlierAttempts;
  };

  it.each<[string, readonly UnknownAttempt[], unknown]>([
    ['one place, in a row: a run', of('ffffffffffff'), [[0, 1, 12]]],
    ['one after another, each elsewhere: a character each', of('fgfFg'), [['01021', 1]]],
    ['short runs one after another: characters', of('fffgf'), [['00010', 1]]],
    ['a run of eight beside another: characters still', of('ffffffffg'), [['000000001', 1]]],
    [
      'a run of nine stays one, before and behind others',
      of('fffffffffgfffffffff'),
      [
        [0, 1, 9],
        [1, 10, 10],
        [0, 11, 19],
      ],
    ],
    [
      'with a gap in their numbers: apart',
      [...of('f'), ...of('g', 3), ...of('f', 4)],
      [
        [0, 1, 1],
        ['10', 3],
      ],
    ],
    [
      'with a number that comes again: apart',
      [...of('ff'), ...of('f', 2)],
      [
        [0, 1, 2],
        [0, 2, 2],
      ],
    ],
  ])('%s', (_what, attempts, runs) => {
    expect(comesBack([...attempts, ...written])).toMatchObject({ runs });
  });

  it('from more places than one character can encode comes back unchanged', () => {
    const many = Array.from({ length: 40 }, (_, at) => ({ tag: `n:${at + 1}`, place: { ...place, folder: `f${at}` } }));
    const { runs } = comesBack([...many, ...written]);
    expect(runs).toEqual([['0123456789abcdefghijklmnopqrstuvwxyz', 1], ...[36, 37, 38, 39].map((at) => [at, at + 1, at + 1])]);
  });

  it('of four or fewer stays unchanged', () => {
    expect(packedList(written)).toBe(written);
    expect(packedList([])).toEqual([]);
  });

  it('has grown at its end, or is a different list, which is entirely new', () => {
    const attempts = of('ffffff');
    expect(addedAttempts(attempts, attempts.slice(0, 4))).toEqual(attempts.slice(4));
    expect(addedAttempts(attempts, of('fff', 50))).toEqual(attempts);
    expect(addedAttempts(attempts.slice(0, 2), attempts)).toEqual(attempts.slice(0, 2));
    expect(addedAttempts(attempts, attempts)).toEqual([]);
    expect(addedAttempts(attempts)).toEqual(attempts);
    expect(addedAttempts([])).toEqual([]);
  });
});
