import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyMessageClass, type MessageKind, messageClassFor } from '../../src/classification/classification.ts';
import { fallbackMessageClass, missedConversationClass } from '../../src/core/message-classes.ts';
import type { Audience } from '../../src/transport/contract.ts';

describe('messageClassFor', () => {
  it('accepts a class of at most 255 characters', () => {
    expect(messageClassFor('same-organization', { messageClass: 'x'.repeat(255) })).toHaveLength(255);
    expect(() => messageClassFor('same-organization', { messageClass: 'x'.repeat(256) })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('uses the documented class within the organisation, an ordinary note elsewhere', () => {
    expect(messageClassFor('same-organization')).toBe('IM.Note.MissedConversation');
    expect(messageClassFor('federated')).toBe('IPM.Note');
  });

  it('lets the host choose the class only within the organisation', () => {
    const options = { messageClass: fallbackMessageClass };
    expect(messageClassFor('same-organization', options)).toBe('IPM.Note.Microsoft.Missed');
    expect(messageClassFor('federated', options)).toBe('IPM.Note');
  });

  for (const messageClass of ['', 'IPM.', '.IPM', 'IPM Note', 'IPM.Note\r\n', 'x'.repeat(256), null]) {
    it(`refuses ${JSON.stringify(messageClass)?.slice(0, 20)} as a class`, () => {
      const options = { messageClass: messageClass as string };
      expect(() => messageClassFor('same-organization', options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    });
  }

  it('says what it found and expected for a class and for an audience', () => {
    expect(() => messageClassFor('same-organization', { messageClass: 'IPM.' })).toThrow(
      'messageClass is "IPM."; expected words with dots between them, such as IM.Note.MissedConversation.',
    );
    expect(() => messageClassFor('not-federated' as Audience)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: 'audience is "not-federated"; expected same-organization or federated.',
      }),
    );
  });
});

describe('classifyMessageClass', () => {
  const kinds: readonly [string, MessageKind][] = [
    ['IM.Note.MissedConversation', 'missed-conversation'],
    ['IM.Note.MisssedConversation', 'missed-conversation'],
    ['IPM.Note.Microsoft.Missed', 'missed-conversation'],
    ['IPM.Note.Microsoft.Missed.Voice', 'missed-call'],
    ['IPM.Note.Microsoft.Conversation', 'conversation'],
    ['IPM.Note.Microsoft.Conversation.Voice', 'conversation-call'],
    ['IPM.Note.Microsoft.Voicemail', 'voicemail'],
    ['IPM.Note.Microsoft.Voicemail.UM', 'voicemail'],
    ['IPM.Note.Microsoft.Voicemail.UM.CA', 'voicemail'],
    ['IPM.Note.Microsoft.VoiceMessage.UA', 'voicemail'],
    ['IPM.SkypeTeams.Message', 'teams-message'],
    ['IPM.Note', 'note'],
    ['IPM.Note.SMIME', 'note'],
    ['IPM.Note.Microsoft', 'note'],
    ['IPM.Appointment', 'other'],
    ['IM.Note', 'other'],
    ['REPORT.IPM.Note.NDR', 'other'],
    ['', 'other'],
  ];
  const scrambled = (text: string) =>
    fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((upper) => {
      return [...text].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter.toLowerCase())).join('');
    });
  for (const [itemClass, kind] of kinds) {
    it(`calls ${itemClass || 'an empty class'} ${kind}, in any case`, () => {
      fc.assert(
        fc.property(scrambled(itemClass), (text) => {
          expect(classifyMessageClass(text).kind).toBe(kind);
        }),
      );
    });
  }

  it('treats a class below a known one as that one, but only below a dot', () => {
    for (const [itemClass, kind] of kinds) {
      if (kind === 'other') continue;
      expect(classifyMessageClass(`${itemClass}.Custom`).kind).toBe(kind);
    }
    expect(classifyMessageClass('IM.Note.MissedConversations').kind).toBe('other');
    expect(classifyMessageClass('IPM.Notes').kind).toBe('other');
    expect(classifyMessageClass('IPM.Note.Microsoft.MissedX').kind).toBe('note');
    expect(classifyMessageClass('IPM.Note.Microsoft.Missed.VoiceX').kind).toBe('missed-conversation');
  });

  it('recognises the misspelled class', () => {
    expect(classifyMessageClass(fallbackMessageClass)).toMatchObject({ misspelled: false });
    expect(classifyMessageClass('im.note.misssedconversation')).toMatchObject({ misspelled: true });
    expect(classifyMessageClass(missedConversationClass)).toMatchObject({ misspelled: false });
  });

  it.each([
    ['IM.Note.MissedConversation', ['Missed Conversations', 'Conversation History']],
    ['IM.Note.MisssedConversation', ['Missed Conversations', 'Conversation History']],
    ['IPM.Note.Microsoft.Missed', ['Missed Conversations', 'Conversation History']],
    ['IPM.Note.Microsoft.Missed.Voice', ['Missed Calls', 'Conversation History']],
    ['IPM.Note.Microsoft.Conversation', ['Conversation History']],
    ['IPM.Note.Microsoft.Conversation.Voice', ['Conversation History']],
    ['IPM.Note.Microsoft.Voicemail', ['Voice Mail', 'Inbox']],
    ['IPM.Note.Microsoft.VoiceMessage.UA', ['Voice Mail', 'Inbox']],
    ['IPM.SkypeTeams.Message', ['Team Chat']],
    ['IPM.Note', ['Inbox']],
    ['IPM.Contact', []],
  ])('names the folders in which %s is shown', (itemClass, folders) => {
    expect(classifyMessageClass(itemClass).showsIn).toEqual(folders);
  });

  it('returns no class for a value that is not a string', () => {
    expect(classifyMessageClass(undefined as unknown as string).kind).toBe('other');
  });
});
