/** The values that every spool can write and read back, from hosts and transports of any kind. */
import { describe, expect, it } from 'vitest';
import type { Frozen, NewSpoolEntry, Reason, Settlement } from '../../../src/spool/contract.ts';
import { storableEntry } from '../../../src/spool/state/append.ts';
import { storableFrozen } from '../../../src/spool/state/claim.ts';
import { dueAfter, isCode, latestTime, mostCount, spanOf, storableReason, timeAfter } from '../../../src/spool/state/records.ts';
import { storableClass, storableSettlement } from '../../../src/spool/state/settle.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { place, reason } from './scene.ts';

describe('numbers', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [-1, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, latestTime],
    [9e15, latestTime],
    ['5', 0],
    [undefined, 0],
  ])('a duration of %s becomes %s ms', (given, ms) => {
    expect(spanOf(given)).toBe(ms);
  });

  it('a time never exceeds the range of a Date', () => {
    expect(latestTime).toBe(8.64e15);
    expect(new Date(latestTime).getTime()).toBe(latestTime);
    expect(timeAfter(5, 6)).toBe(11);
    expect(timeAfter(5, latestTime)).toBe(latestTime);
    expect(dueAfter(5, 6)).toEqual({ at: 11, within: 6 });
  });

  it('a weight is a whole number within the safe range', () => {
    const weights = [0, 1, 1.2, -1, Number.NaN, 1e300, '7' as never].map(
      (weight) => storableEntry(newEntry('a', { weight })).weight,
    );
    expect(weights).toEqual([0, 1, 2, 0, 0, mostCount, 0]);
    expect(mostCount).toBe(2 ** 52);
  });
});

describe('codes', () => {
  it.each(['A', 'OUTCOME_UNKNOWN', 'A9_', 'A'.repeat(64)])('%s is a code', (code) => expect(isCode(code)).toBe(true));
  it.each(['', 'a', '9A', '_A', 'A-B', 'A'.repeat(65), 'A B', 'AB\n', ' AB', 7, undefined, ['A']])('%s is not a code', (code) => {
    expect(isCode(code)).toBe(false);
  });
});

describe('an entry', () => {
  it('that can be stored is the same object', () => {
    const entry = newEntry('a', { message: { ...newEntry('a').message, html: '<p>' } });
    expect(storableEntry(entry)).toBe(entry);
    const empty = newEntry('a', { contentHash: '', conversationId: '', recipientsKey: '', audience: 'federated' });
    expect(storableEntry(empty)).toBe(empty);
  });

  it.each([
    ['weight', 1.5, 2],
    ['pickupIn', -1, 0],
    ['expiresIn', Number.NaN, 0],
  ] as const)('may have a %s that can be stored', (name, given, kept) => {
    const entry = newEntry('a', { [name]: given });
    expect(storableEntry(entry)).toEqual({ ...entry, [name]: kept });
  });

  const { message } = newEntry('a');
  const from = (mailbox: unknown) => ({ message: { ...message, from: { sip: 's', mailbox } } });
  const bad: readonly (readonly [string, string, object])[] = [
    ['id', 'a non-empty string', { id: '' }],
    ['messageId', 'a non-empty string', { messageId: 7 }],
    ['lane', 'a non-empty string', { lane: undefined }],
    ['messageClass', 'a non-empty string', { messageClass: '' }],
    ['contentHash', 'a string', { contentHash: 7 }],
    ['conversationId', 'a string', { conversationId: undefined }],
    ['recipientsKey', 'a string', { recipientsKey: null }],
    ['audience', 'an audience', { audience: 'everyone' }],
    ['message.from.sip', 'a non-empty string', { message: { ...message, from: { ...message.from, sip: '' } } }],
    ['message.from.sip', 'a non-empty string', { message: undefined }],
    ['message.from.sip', 'a non-empty string', { message: { ...message, from: undefined } }],
    ['message.from.mailbox', 'a mailbox', from(undefined)],
    ['message.from.mailbox', 'a mailbox', from(null)],
    ['message.from.mailbox', 'a mailbox', from('alice')],
    ['message.from.mailbox', 'a mailbox', from({ address: '' })],
    ['message.from.mailbox', 'a mailbox', from({ address: 'a@b', name: 7 })],
    ['message.to', 'a list of mailboxes', { message: { ...message, to: 'bob' } }],
    ['message.to', 'a list of mailboxes', { message: { ...message, to: [{ address: 'a@b' }, {}] } }],
    ['message.text', 'a string', { message: { ...message, text: undefined } }],
    ['message.html', 'a string', { message: { ...message, html: 7 } }],
    ['message.traceparent', 'a traceparent of W3C Trace Context', { message: { ...message, traceparent: '00-1-2-3' } }],
    ['message.sentAt', 'a time', { message: { ...message, sentAt: Number.NaN } }],
    ['message.sentAt', 'a time', { message: { ...message, sentAt: 8.65e15 } }],
    ['message.sentAt', 'a time', { message: { ...message, sentAt: -8.65e15 } }],
    ['message.sentAt', 'a time', { message: { ...message, sentAt: undefined } }],
  ];
  it.each(bad)('cannot be stored if its %s is not %s: %j', (field, expected, parts) => {
    expect(() => storableEntry({ ...newEntry('a'), ...parts } as NewSpoolEntry)).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_INVALID',
        message: `${field} of an entry is not ${expected}.`,
        details: { field },
      }),
    );
  });

  it('may belong to a trace', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const entry = newEntry('a', { message: { ...message, traceparent } });
    expect(storableEntry(entry)).toBe(entry);
  });

  it('may be sent by a mailbox with a name, and at any time that a Date can represent', () => {
    const entry = newEntry('a', { ...from({ address: 'a@b', name: 'A' }) } as Partial<NewSpoolEntry>);
    expect(storableEntry(entry)).toBe(entry);
    for (const sentAt of [-8.64e15, 8.64e15])
      expect(() => storableEntry(newEntry('a', { message: { ...message, sentAt } }))).not.toThrow();
  });
});

describe('a reason', () => {
  it('that can be stored is the same object', () => {
    for (const one of [reason, { ...reason, serverCode: 'ErrorX' }]) expect(storableReason(one)).toBe(one);
  });

  it.each([
    [undefined, { code: 'TRANSPORT_FAILED', text: '' }],
    [
      { code: 'no code', text: 'x' },
      { code: 'TRANSPORT_FAILED', text: 'x', serverCode: 'no code' },
    ],
    [
      { code: 'no code', text: 'x', serverCode: 'S' },
      { code: 'TRANSPORT_FAILED', text: 'x', serverCode: 'S' },
    ],
    [
      { code: 7, text: true },
      { code: 'TRANSPORT_FAILED', text: 'true', serverCode: '7' },
    ],
    [
      { code: 'EXPIRED', text: {} },
      { code: 'EXPIRED', text: '' },
    ],
    [
      { code: 'EXPIRED', text: 'x', serverCode: 7 },
      { code: 'EXPIRED', text: 'x', serverCode: '7' },
    ],
    [
      { code: 'EXPIRED', text: 'x', serverCode: {} },
      { code: 'EXPIRED', text: 'x' },
    ],
    [
      { code: 'EXPIRED', text: 7, serverCode: 'S' },
      { code: 'EXPIRED', text: '7', serverCode: 'S' },
    ],
  ])('%j is kept as %j', (given, kept) => {
    expect(storableReason(given as Reason)).toEqual(kept);
  });
});

describe('a frozen value', () => {
  const frozen: Frozen = { messageClass: 'IPM.Note', subject: '', wording: 1, place };

  it('that can be stored is the same object', () => {
    expect(storableFrozen(frozen)).toBe(frozen);
  });

  it.each([
    [{ messageClass: '' }, { messageClass: 'IPM.Note' }],
    [{ messageClass: undefined }, { messageClass: 'IPM.Note' }],
    [{ messageClass: 7 }, { messageClass: '7' }],
    [{ subject: 7 }, { subject: '7' }],
    [{ subject: null }, { subject: '' }],
    [{ wording: 1.5 }, { wording: 2 }],
    [{ wording: 'x' }, { wording: 0 }],
    [{ place: undefined }, { place: { endpoint: '', mailbox: '', folder: '' } }],
    [{ place: { ...place, endpoint: 7 } }, { place: { ...place, endpoint: '7' } }],
    [{ place: { ...place, mailbox: false } }, { place: { ...place, mailbox: 'false' } }],
    [{ place: { ...place, folder: {} } }, { place: { ...place, folder: '' } }],
  ])('%j is kept as %j', (given, kept) => {
    expect(storableFrozen({ ...frozen, ...given } as Frozen)).toEqual({ ...frozen, ...kept });
  });
});

describe('a settlement', () => {
  const token = 'n:1:deliver:1';
  const odd = { code: 'no code', text: '' };
  const mended = { code: 'TRANSPORT_FAILED', text: '', serverCode: 'no code' };
  const good: readonly object[] = [
    { to: 'delivered' },
    { to: 'delivered', messageClass: 'IPM.Note' },
    { to: 'deferred', after: 5, failure: true, reason },
    { to: 'unconfirmed', after: 5, absent: true, counted: 5, reason },
    { to: 'dead', sent: 'no', reason },
    { to: 'split', reason },
    { to: 'unclaim' },
    { to: 'unclaim', after: 5 },
    { to: 'held' },
    { to: 'cancelled' },
  ];

  it.each(good)('that can be stored is the same object: %j', (parts) => {
    const settlement = { token, ...parts } as Settlement;
    expect(storableSettlement(settlement)).toBe(settlement);
  });

  it.each([
    [{ to: 'delivered', messageClass: '' }, { to: 'delivered' }],
    [{ to: 'delivered', messageClass: 7 }, { to: 'delivered' }],
    [
      { to: 'deferred', after: -5, failure: true, reason },
      { to: 'deferred', after: 0, failure: true, reason },
    ],
    [
      { to: 'deferred', after: 5, failure: true, reason: odd },
      { to: 'deferred', after: 5, failure: true, reason: mended },
    ],
    [
      { to: 'unconfirmed', after: Number.NaN, absent: true, counted: 5, ended: 'fault', reason },
      { to: 'unconfirmed', after: 0, absent: true, counted: 5, ended: 'fault', reason },
    ],
    [
      { to: 'unconfirmed', after: 5, absent: true, counted: -1, reason },
      { to: 'unconfirmed', after: 5, absent: true, counted: 0, reason },
    ],
    [
      { to: 'unconfirmed', after: 5, absent: true, counted: 5, reason: odd },
      { to: 'unconfirmed', after: 5, absent: true, counted: 5, reason: mended },
    ],
    [
      { to: 'dead', sent: 'no', reason: odd },
      { to: 'dead', sent: 'no', reason: mended },
    ],
    [
      { to: 'split', reason: odd },
      { to: 'split', reason: mended },
    ],
    [
      { to: 'unclaim', after: Number.NaN },
      { to: 'unclaim', after: 0 },
    ],
  ])('%j is kept as %j', (given, kept) => {
    expect(storableSettlement({ token, ...given } as Settlement)).toEqual({ token, ...kept });
  });

  it('has a class only if the transport reports one', () => {
    expect(['IPM.Note', '', 7, undefined].map(storableClass)).toEqual(['IPM.Note', undefined, undefined, undefined]);
  });
});
