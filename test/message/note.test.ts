import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNote, htmlOf, noteWording } from '../../src/message/note.ts';
import type { ClaimedNote, SpoolEntry, SpooledMessage } from '../../src/spool/contract.ts';
import { codePoint } from '../support/code-points.ts';

const noon = Date.UTC(2016, 5, 14, 12);
const bob = { address: 'bob@contoso.com', name: 'Bob' };

function member(message: Partial<SpooledMessage> = {}, index = 1): SpoolEntry {
  const mailbox = { address: 'alice@contoso.com', name: 'Alice Example' };
  return {
    id: `entry-${index}`,
    messageId: `message-${index}`,
    contentHash: '',
    lane: 'alice@contoso.com',
    conversationId: 'conversation',
    audience: 'same-organization',
    recipientsKey: '',
    messageClass: 'IM.Note.MissedConversation',
    weight: 0,
    state: 'delivering',
    acceptedAt: noon,
    pickupAt: noon,
    expiresAt: noon,
    to: [bob],
    attempt: 2,
    unknownAttempts: [],
    cancelRequested: false,
    message: {
      from: { sip: 'alice@contoso.com', mailbox },
      to: [bob],
      text: `text ${index}`,
      sentAt: noon + index * 1_000,
      ...message,
    },
  };
}

function tombstone(): SpoolEntry {
  const { message: _, ...rest } = member();
  return { ...rest, state: 'delivered' };
}

const place = { endpoint: 'https://exchange', mailbox: 'alice@contoso.com', folder: 'conversationhistory' };

function claim(entries: readonly SpoolEntry[], wording = 1): ClaimedNote {
  return {
    token: 't',
    lane: 'alice@contoso.com',
    noteId: 'note',
    attempt: 2,
    tag: 'note/2',
    frozen: { messageClass: 'IPM.Note.Microsoft.Missed', subject: 'as it was frozen', wording, place },
    entries,
    unknownAttempts: [{ tag: 'note/1', place }],
    failures: 0,
    probes: 0,
    absences: 0,
    quietFor: 0,
    unconfirmedFor: 0,
    expired: false,
  };
}

function from(name: string | undefined): Pick<SpooledMessage, 'from'> {
  const address = 'alice@contoso.com';
  return { from: { sip: address, mailbox: name === undefined ? { address } : { address, name } } };
}

describe('noteWording', () => {
  it('words the subject by the two conventions of the product', () => {
    expect(noteWording([member()])).toEqual({
      messageClass: 'IM.Note.MissedConversation',
      subject: 'Alice Example sent you a message in Skype for Business',
      wording: 1,
    });
    expect(noteWording([member(), member()]).subject).toBe('Missed conversation with Alice Example');
  });

  it('uses the address of a sender without a name', () => {
    expect(noteWording([member(from(undefined))]).subject).toBe('alice@contoso.com sent you a message in Skype for Business');
    expect(noteWording([member(from('\u0001 '))]).subject).toContain('alice@contoso.com');
  });

  it('keeps a subject on one line, well-formed and within 255 units, whatever the name', () => {
    const name = fc.oneof(
      fc.string({ unit: codePoint, maxLength: 400 }),
      fc.integer({ min: 0, max: 300 }).map((length) => `${'a'.repeat(length)}${'😀'.repeat(150)}`),
      fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '\r\n', '\u2028', 'a') }),
    );
    fc.assert(
      fc.property(name, fc.boolean(), (text, single) => {
        const one = member(from(text));
        const { subject } = noteWording(single ? [one] : [one, one]);
        expect(subject.length).toBeLessThanOrEqual(255);
        expect(subject).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
        if (single) expect(subject).toMatch(/. sent you a message in Skype for Business$/);
        else expect(subject).toMatch(/^Missed conversation with ./);
      }),
    );
  });

  it('refuses an empty list of members, and a first member without its message', () => {
    expect(() => noteWording([])).toThrow(expect.objectContaining({ code: 'ENTRY_CORRUPT' }));
    expect(() => noteWording([tombstone()])).toThrow(expect.objectContaining({ code: 'ENTRY_CORRUPT' }));
  });
});

describe('buildNote', () => {
  it('uses the frozen values and its members', () => {
    expect(buildNote(claim([member({}, 1), member({}, 2)]))).toEqual({
      id: 'note',
      attempt: 2,
      tag: 'note/2',
      unknownAttempts: [{ tag: 'note/1', place }],
      place,
      from: { address: 'alice@contoso.com', name: 'Alice Example' },
      to: [bob],
      audience: 'same-organization',
      messageClass: 'IPM.Note.Microsoft.Missed',
      subject: 'as it was frozen',
      body: {
        type: 'text',
        content: '[2016-06-14 12:00:01Z] Alice Example:\ntext 1\n\n[2016-06-14 12:00:02Z] Alice Example:\ntext 2',
      },
      sentAt: new Date(noon + 1_000),
      conversationId: 'conversation',
      entryIds: ['entry-1', 'entry-2'],
    });
  });

  it('returns the text or html of a single message unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        expect(buildNote(claim([member({ text })])).body).toEqual({ type: 'text', content: text });
        expect(buildNote(claim([member({ html: text })])).body).toEqual({ type: 'html', content: text });
      }),
    );
  });

  it('keeps every text whole and in order if there are several', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 2, maxLength: 6 }), (texts) => {
        const { content } = buildNote(claim(texts.map((text, index) => member({ text }, index)))).body;
        let at = 0;
        for (const text of texts) {
          at = content.indexOf(`:\n${text}`, at);
          expect(at).toBeGreaterThan(0);
          at += text.length + 2;
        }
      }),
    );
  });

  it('becomes html if any member has html; text is escaped and keeps its line breaks', () => {
    const { body } = buildNote(claim([member({ text: 'a < b & c\r\nd' }, 1), member({ html: '<b>bold</b>' }, 2)]));
    expect(body).toEqual({
      type: 'html',
      content: [
        '<p><b>[2016-06-14 12:00:01Z] Alice Example:</b></p>',
        '<div>a &lt; b &amp; c<br>',
        'd</div>',
        '<p><b>[2016-06-14 12:00:02Z] Alice Example:</b></p>',
        '<div><table role="presentation"><tr><td><b>bold</b></td></tr></table></div>',
      ].join('\n'),
    });
  });

  it('refuses a member without its message, an empty list, and an unknown wording', () => {
    for (const broken of [claim([member(), tombstone()]), claim([]), claim([member()], 2)]) {
      expect(() => buildNote(broken)).toThrow(expect.objectContaining({ code: 'ENTRY_CORRUPT' }));
    }
  });
});

describe('htmlOf', () => {
  const cell = '<table role="presentation"><tr><td>';

  for (const html of [
    'a',
    '<b>a',
    '<!-- x --><p title="a > b">',
    'a < b',
    '<table><tr><td>1</td></tr></table>',
    '<o:p></o:p>',
    '<p style="margin:0;font-family:&quot;Calibri&quot;">a',
    '<table><tr><td><table><caption>1<td>2</table></td></tr></table>',
  ]) {
    it(`embeds ${html}`, () => expect(htmlOf({ text: 'plain', html })).toBe(`${cell}${html}</td></tr></table>`));
  }

  const escaping = [
    '<!-- x',
    '<b',
    '<a title="x>',
    '<textarea>',
    '<script>x',
    '<plaintext>',
    '</td></tr></table>',
    '<table>',
    '</TABLE >',
    '<template>',
    '<style>div{display:none}</style>',
    '<body hidden>',
    '<table><table></table></table>',
    '<div style="position:fixed;inset:0">',
    '<div style="posi&#116;ion:fixed">',
    '<svg>',
  ];
  for (const html of escaping) {
    it(`shows the text instead of ${html}, which would swallow the messages that follow`, () => {
      expect(htmlOf({ text: 'plain', html })).toBe('plain');
      expect(htmlOf({ text: '', html })).not.toContain('<');
    });
  }

  it('runs in linear time', () => {
    const html = '<a<!'.repeat(8_192);
    const start = performance.now();
    htmlOf({ text: 'plain', html: `${html}>`.repeat(8) });
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
