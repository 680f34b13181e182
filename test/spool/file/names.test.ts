import { win32 } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryFileName, folderNameOf, messageFileName, nameOf } from '../../../src/spool/file/disk/layout.ts';
import { codePoint } from '../../support/code-points.ts';

describe('nameOf', () => {
  it.each(['bob@contoso.com', 'ticket-4711', 'a.b+c=d_e', '0198c0de-0000-7000-8000-000000000000'])(
    'leaves %s unchanged',
    (id) => {
      expect(nameOf(id)).toBe(id);
    },
  );

  it('keeps the readable part of other ids', () => {
    expect(nameOf('Ticket 4711')).toMatch(/^Ticket_4711~[0-9a-f]{32}$/);
    expect(nameOf('../../etc/passwd')).toMatch(/^_[A-Za-z._]*passwd~[0-9a-f]{32}$/);
    expect(nameOf('x'.repeat(255))).toMatch(/^x{47}~[0-9a-f]{32}$/);
  });

  it.each([
    '',
    '.',
    '..',
    '...',
    '../x',
    '/etc',
    'a/b',
    'a\\b',
    'C:x',
    'a\0b',
    'a\nb',
    'a.',
    'a ',
    'CON',
    'con',
    'con.txt',
    'Lpt1.x',
    'aux.',
    'nul',
    'a~b',
    'ä',
    'ä',
    '\ud800',
    '\ud801',
    '🙂',
    '.offline-im',
    'x'.repeat(81),
    'A',
  ])('%j cannot leave its folder or equal another name', (id) => {
    const name = nameOf(id);
    expect(name).toMatch(/^[A-Za-z0-9@+=_-][A-Za-z0-9@.+=_~-]*[A-Za-z0-9@+=_-]$/);
    expect(name.length).toBeLessThanOrEqual(81);
    expect(name).not.toMatch(/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    expect(win32.basename(name)).toBe(name);
    expect(name).not.toBe(id);
  });

  it('gives different ids names that differ by more than case', () => {
    const id = fc.oneof(
      fc.string({ unit: codePoint, maxLength: 100 }),
      fc.constantFrom('a', 'A', 'con', 'CON', 'a.', 'a~', '~', 'ab', 'Ab', 'aB', 'AB'),
    );
    fc.assert(
      fc.property(id, id, (one, other) => {
        fc.pre(one !== other);
        expect(nameOf(one).toLowerCase()).not.toBe(nameOf(other).toLowerCase());
        expect(messageFileName(one)).not.toBe(entryFileName(other, one));
      }),
    );
  });
});

describe('folderNameOf', () => {
  it('is the address, regardless of case and scheme', () => {
    expect(folderNameOf('sip:Bob@Contoso.com')).toBe('bob@contoso.com');
    expect(folderNameOf('bob@contoso.com')).toBe('bob@contoso.com');
    expect(folderNameOf('SIPS:BOB@CONTOSO.COM')).toBe('bob@contoso.com');
  });

  it('is never a folder used by the spool itself', () => {
    expect(folderNameOf('sip:.offline-im')).not.toBe('.offline-im');
    expect(folderNameOf('sip:..')).not.toBe('..');
  });
});
