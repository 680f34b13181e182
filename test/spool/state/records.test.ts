import { describe, expect, it } from 'vitest';
import type { SpoolState } from '../../../src/spool/contract.ts';
import {
  clamp,
  holdsPlace,
  isActive,
  isInNote,
  isTombstone,
  noteIdOf,
  streamKey,
  tagOf,
  viewOf,
} from '../../../src/spool/state/records.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { place, reason, Scene } from './scene.ts';

const states: readonly SpoolState[] = [
  'spooled',
  'deferred',
  'delivering',
  'unconfirmed',
  'held',
  'delivered',
  'dead',
  'cancelled',
];

function record() {
  const scene = new Scene();
  scene.append('a', { expiresIn: 5_000 });
  return scene.entry('a');
}

describe('states', () => {
  it('in a note', () => {
    expect(states.filter(isInNote)).toEqual(['deferred', 'delivering', 'unconfirmed']);
  });

  it('on its way', () => {
    expect(states.filter(isActive)).toEqual(['spooled', 'deferred', 'delivering', 'unconfirmed']);
  });

  it('with a place that others wait behind: not an expired entry that is only probed', () => {
    expect(states.filter((state) => holdsPlace({ state, expiresAt: 5 }))).toEqual(states.filter(isActive));
    expect(states.filter((state) => holdsPlace({ state, expiresAt: 0 }))).toEqual(['spooled', 'deferred', 'delivering']);
  });

  it('that leave a tombstone', () => {
    const { status } = record();
    expect(states.filter((state) => isTombstone({ ...status, state }))).toEqual(['delivered', 'cancelled']);
    expect(isTombstone({ ...status, state: 'dead', purged: true })).toBe(true);
  });
});

describe('an entry as shown by the contract', () => {
  it('has its appended values, its state, and nothing internal to the spool', () => {
    const { fixed, status } = record();
    const { message, pickupIn: _pickupIn, expiresIn: _expiresIn, ...given } = newEntry('a');
    expect(viewOf({ fixed, status })).toStrictEqual({
      ...given,
      to: message.to,
      acceptedAt: 1_000_000,
      pickupAt: 1_120_000,
      state: 'spooled',
      expiresAt: 1_005_000,
      attempt: 0,
      unknownAttempts: [],
      cancelRequested: false,
    });
  });

  it('has its message, note, reason and end, if any', () => {
    const { fixed, status } = record();
    const { message } = newEntry('a');
    const parts = {
      noteId: 'n',
      attempt: 3,
      reason,
      endedAt: 7,
      cancelRequested: true,
      unknownAttempts: [{ tag: 'n:1', place }],
    };
    expect(viewOf({ fixed, status: { ...status, ...parts } }, message)).toMatchObject({ ...parts, message });
  });

  it('has the class that Exchange accepted', () => {
    const { fixed, status } = record();
    expect(viewOf({ fixed, status: { ...status, sentClass: 'IPM.Note' } }).messageClass).toBe('IPM.Note');
  });
});

describe('names', () => {
  it('a stream is one conversation of a mailbox with one audience', () => {
    const { fixed } = record();
    const keys = [{}, { lane: 'b' }, { audience: 'federated' as const }, { conversationId: 'c' }].map((part) =>
      streamKey({ ...fixed, ...part }),
    );
    expect(new Set(keys).size).toBe(4);
    expect(streamKey({ lane: 'l', audience: 'federated', conversationId: 'c' })).toBe('l\nfederated\nc');
  });

  it('a tag names the attempt of a note, a token the claim of it', () => {
    expect(tagOf('n', 3)).toBe('n:3');
    expect(noteIdOf('n-1:3:deliver:9')).toBe('n-1');
  });
});

describe('a due time', () => {
  it.each([
    [1_500, 1_000, 500, 1_500],
    [1_501, 1_000, 500, 1_500],
    [900, 1_000, 500, 900],
  ])('at %s, now %s, at most %s away: %s', (at, now, within, expected) => {
    expect(clamp({ at, within }, now)).toEqual({ at: expected, within });
  });

  it('is the same object if it is plausible', () => {
    const due = { at: 1_500, within: 500 };
    expect(clamp(due, 1_000)).toBe(due);
  });
});
