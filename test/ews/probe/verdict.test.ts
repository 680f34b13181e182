/** What the items of one attempt prove, without a server. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { SendState } from '../../../src/ews/operations/found-item.ts';
import type { TagFindings, TaggedItem, Unreadable } from '../../../src/ews/probe/tag-findings.ts';
import { draftsOf, verdictOf } from '../../../src/ews/probe/verdict.ts';

const seenAt = 1_000_000;
const old = seenAt - 60_000;
const states: readonly SendState[] = ['sent', 'submitted', 'unsent', 'unstated', 'contradictory'];
const folders = ['drafts', 'outbox', 'id:f', 'sentitems', 'deleteditems', 'recoverableitemsdeletions'];

function item(state: SendState, fields: Partial<TaggedItem> = {}): TaggedItem {
  const id = { id: `${state}-id`, changeKey: undefined };
  return { id, tag: 't', state, folder: 'drafts', seenAt, created: old, messageClass: undefined, subject: undefined, ...fields };
}

function findings(items: readonly TaggedItem[], fields: Partial<TagFindings> = {}): TagFindings {
  return { items, unreadable: undefined, ...fields };
}

const why: Unreadable = { scope: 'mailbox', error: new OfflineImError('EWS_ERROR', 'x'), retryAfter: 5, blocked: true };
const short = (found: TagFindings): string => verdictOf(found, false).status;

describe('one item', () => {
  const expected: Readonly<Record<SendState, readonly string[]>> = {
    sent: ['found', 'found', 'found', 'found', 'found', 'found'],
    submitted: ['pending', 'pending', 'pending', 'pending', 'pending', 'pending'],
    unsent: ['draft', 'pending', 'draft', 'draft', 'draft', 'draft'],
    unstated: ['unknown', 'pending', 'found', 'found', 'found', 'found'],
    contradictory: ['unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  };
  it.each(states)('%s', (state) => {
    expect(folders.map((folder) => short(findings([item(state, { folder })])))).toEqual(expected[state]);
  });

  it.each([
    [old, 'draft'],
    [old + 1, 'pending'],
    [seenAt + 5000, 'pending'],
    [undefined, 'pending'],
  ] as const)('unsent, created at %s: %s', (created, status) => {
    expect(short(findings([item('unsent', { created })]))).toBe(status);
  });
});

describe('several items of one attempt', () => {
  it.each([
    [['unsent', 'sent'], 'found'],
    [['contradictory', 'sent'], 'found'],
    [['contradictory', 'submitted'], 'pending'],
    [['unsent', 'submitted'], 'pending'],
    [['unsent', 'contradictory'], 'unknown'],
    [['unsent', 'unsent'], 'draft'],
  ] as const)('%s: %s', (present, status) => {
    expect(short(findings(present.map((state) => item(state))))).toBe(status);
  });
});

describe('a note that was not found', () => {
  it('is absent only where every folder could be read', () => {
    expect(verdictOf(findings([]), false)).toEqual({ status: 'absent' });
    expect(verdictOf(findings([], { unreadable: why }), false)).toEqual({ status: 'unknown', ...why });
  });

  it('is irrelevant if another item was found, whatever could not be read', () => {
    expect(short(findings([item('sent')], { unreadable: why }))).toBe('found');
    expect(short(findings([item('unsent')], { unreadable: why }))).toBe('draft');
  });
});

describe('drafts that may be deleted', () => {
  const ids = (...items: readonly TaggedItem[]): unknown[] => draftsOf(findings(items)).map(({ id }) => id?.id);

  it('are listed once, however many folders show them', () => {
    expect(ids(item('unsent'), item('unsent', { folder: 'id:f' }))).toEqual(['unsent-id']);
  });

  it('exclude those that are young, in the Outbox, submitted, or deleted already', () => {
    const young = item('unsent', { created: seenAt });
    const waiting = item('unsent', { folder: 'outbox' });
    const gone = item('unsent', { folder: 'recoverableitemsdeletions' });
    expect(ids(young, waiting, item('submitted'), gone)).toEqual([]);
  });

  it('are none if anything is unclear', () => {
    expect(ids(item('unsent'), item('contradictory', { folder: 'sentitems' }))).toEqual([]);
    expect(ids(item('unsent'), item('unstated', { folder: 'drafts' }))).toEqual([]);
  });

  it('never share their id with a copy: that draft was in transit', () => {
    const id = { id: 'same', changeKey: undefined };
    expect(ids(item('unsent', { id }), item('sent', { id, folder: 'sentitems' }))).toEqual([]);
    expect(ids(item('unsent', { id }), item('sent', { folder: 'sentitems' }))).toEqual(['same']);
  });
});
