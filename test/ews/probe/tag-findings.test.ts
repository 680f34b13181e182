/** The findings of searches, by tag, and whatever cannot be attributed, without a server. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { FoundItem } from '../../../src/ews/operations/found-item.ts';
import { closes, Findings, further, type Unreadable, unreadableBy } from '../../../src/ews/probe/tag-findings.ts';
import { verdictOf } from '../../../src/ews/probe/verdict.ts';
import type { DeliveryOutcome } from '../../../src/transport/contract.ts';

const error = new OfflineImError('EWS_ERROR', 'It failed.');
const incomplete = {
  scope: 'note',
  error: expect.objectContaining({ code: 'RESPONSE_INCOMPLETE', message: expect.stringMatching(/^[A-Z].{20,}\.$/) }),
};
const item = (tag: string | undefined): FoundItem => ({
  id: { id: `id-${tag}`, changeKey: undefined },
  tag,
  state: 'sent',
  created: undefined,
  messageClass: undefined,
  subject: undefined,
});
const folder = (...tags: (string | undefined)[]) => ({ folder: 'f', items: tags.map(item), whole: true, seenAt: 7 });

describe('findings', () => {
  it('cover every requested tag: items, where they are, and when they were seen', () => {
    const findings = new Findings(['a:1', 'b:1']);
    findings.add(folder('a:1'));
    findings.add({ ...folder(), folder: 'g' });
    expect(findings.byTag).toEqual(
      new Map([
        ['a:1', { items: [{ ...item('a:1'), folder: 'f', seenAt: 7 }], unreadable: undefined }],
        ['b:1', { items: [], unreadable: undefined }],
      ]),
    );
    expect(findings.ambiguous()).toEqual([]);
  });

  it('leave every tag in doubt if a match has no tag: those without an item are searched again', () => {
    const findings = new Findings(['a:1', 'b:1', 'c:1']);
    findings.add(folder(undefined, 'a:1'));
    expect([...findings.byTag.values()].map(({ unreadable }) => unreadable)).toEqual([incomplete, incomplete, incomplete]);
    expect(findings.byTag.get('a:1')?.items).toHaveLength(1);
    expect(findings.ambiguous()).toEqual(['b:1', 'c:1']);
  });

  it('leave every tag in doubt if the response is incomplete', () => {
    const findings = new Findings(['a:1']);
    findings.add({ ...folder(), whole: false });
    expect([findings.byTag.get('a:1')?.unreadable, findings.ambiguous()]).toEqual([incomplete, ['a:1']]);
  });

  it('leave a tag in doubt if a value may be it: in other case, with spaces, truncated, in quotes or with markup', () => {
    for (const seen of [
      'NOTE-A:1',
      'note -a:1',
      'note-a',
      'n',
      'N ote',
      '"note-a:1"',
      'note-a:1</t:Value>',
      '\u200bnote-a:1',
      'Tag=NOTE-A:1',
    ]) {
      const findings = new Findings(['note-a:1', 'other:1']);
      findings.add(folder(seen));
      expect([seen, findings.byTag.get('note-a:1')?.unreadable, findings.byTag.get('other:1')?.unreadable]).toEqual([
        seen,
        incomplete,
        undefined,
      ]);
      expect(findings.ambiguous()).toEqual([]);
    }
  });

  it('ignore other tags', () => {
    for (const seen of ['note-a:10', 'note-b:1', 'ote-a:1', 'my-note-a:1', '"note-b:1"']) {
      const findings = new Findings(['note-a:1']);
      findings.add(folder(seen));
      expect(findings.byTag.get('note-a:1')).toEqual({ items: [], unreadable: undefined });
    }
  });

  it('keep a known reason over that of a look-alike', () => {
    const findings = new Findings(['a:1']);
    const before: Unreadable = { scope: 'mailbox', error };
    findings.fail(before);
    findings.add(folder('A:1'));
    expect(findings.byTag.get('a:1')?.unreadable).toBe(before);
  });

  it('keep the reason with the wider scope', () => {
    const findings = new Findings(['a:1']);
    findings.fail({ scope: 'note', error });
    findings.fail({ scope: 'endpoint', error });
    findings.fail({ scope: 'mailbox', error });
    expect(findings.byTag.get('a:1')?.unreadable?.scope).toBe('endpoint');
  });
});

describe('the reason of an unreadable folder', () => {
  it.each<[DeliveryOutcome, Unreadable]>([
    [
      { status: 'deferred', scope: 'mailbox', error, retryAfter: 5 },
      { scope: 'mailbox', error, retryAfter: 5 },
    ],
    [
      { status: 'deferred', scope: 'mailbox', error },
      { scope: 'mailbox', error },
    ],
    [
      { status: 'unconfirmed', scope: 'endpoint', error, retryAfter: 5 },
      { scope: 'endpoint', error, retryAfter: 5 },
    ],
    [
      { status: 'unconfirmed', scope: 'note', error },
      { scope: 'note', error },
    ],
    [
      { status: 'blocked', scope: 'mailbox', sent: 'no', error },
      { scope: 'mailbox', error, blocked: true },
    ],
    [
      { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error },
      { scope: 'note', error },
    ],
  ])('%j', (outcome, expected) => {
    expect(unreadableBy(outcome)).toStrictEqual(expected);
  });

  it('is never a delivery: a search delivers nothing', () => {
    expect(() => unreadableBy({ status: 'delivered', messageClass: 'x' })).toThrow(TypeError);
  });

  it('closes the mailbox to the next request too, unless it concerns one note and passes at once', () => {
    expect(closes({ scope: 'note', error })).toBe(false);
    expect([{ scope: 'mailbox', error } as const, { scope: 'endpoint', error } as const].map(closes)).toEqual([true, true]);
    expect(closes({ scope: 'note', error, blocked: true })).toBe(true);
    expect(closes({ scope: 'note', error, retryAfter: 0 })).toBe(true);
  });

  it('of two is ranked by scope, then block, then back-off; of equals, the first counts', () => {
    const ordered: readonly Unreadable[] = (['note', 'mailbox', 'endpoint'] as const).flatMap((scope) => [
      { scope, error },
      { scope, error, retryAfter: 5 },
      { scope, error, blocked: true as const },
      { scope, error, blocked: true as const, retryAfter: 5 },
    ]);
    for (const [at, less] of ordered.entries()) {
      expect(further(undefined, less)).toBe(less);
      expect(further(less, { ...less })).toBe(less);
      for (const more of ordered.slice(at + 1)) expect([further(less, more), further(more, less)]).toEqual([more, more]);
    }
  });
});

it('an unknown verdict states the reason in a sentence', () => {
  const sentence = expect.stringMatching(/^[A-Z].{20,}\.$/);
  const odd = { ...item('a:1'), tag: 'a:1', folder: 'f', seenAt: 7, state: 'contradictory' } as const;
  const verdict = verdictOf({ items: [odd], unreadable: undefined }, false);
  expect(verdict).toMatchObject({ status: 'unknown', scope: 'note', error: { code: 'RESPONSE_UNREADABLE', message: sentence } });
  const draft = { ...odd, state: 'unsent', created: -60_000 } as const;
  expect([true, false].map((kept) => verdictOf({ items: [draft], unreadable: undefined }, kept))).toEqual([
    { status: 'draft', removed: false },
    { status: 'draft', removed: true },
  ]);
});
