import type { Note } from '../../transport/contract.ts';
import { equal } from '../spool-conformance/assert.ts';
import type { Test } from './scene.ts';

/** Texts that break out of carelessly written markup. */
const hostile: Readonly<Record<string, string>> = {
  'elements of EWS': '</t:Body><t:Importance>High</t:Importance><t:Body BodyType="Text">',
  'the end tags of a whole request': '</t:Body></t:Message></m:Items></m:CreateItem></soap:Body></soap:Envelope>',
  'another recipient':
    '</t:Value></t:ExtendedProperty><t:BccRecipients><t:Mailbox><t:EmailAddress>m@contoso.test</t:EmailAddress></t:Mailbox></t:BccRecipients>',
  CDATA: '<![CDATA[ ]]> ]]> <!-- --> <?xml?>',
  'entity references': '&amp; &lt; &#x0; &#13; &unknown; &',
  quotes: `" ' "><x a="b`,
  'control characters': 'a\u0000b\u0007c\u001bd\u007fe\u0085f',
  noncharacters: 'a\ufffeb\uffffc',
  'lone surrogates': 'a\ud800b\udc00c',
  'line ends': 'one\r\ntwo\rthree\nfour\ttab',
  'emoji and joiners': '\u{1F468}\u200d\u{1F469}\u200d\u{1F467} \u{1F600} e\u0301',
  'right-to-left text': '\u202e\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627\u202c',
  'leading and trailing blanks': '  \n text \n  ',
};

/** Text arrives exactly as it was typed, and is never interpreted as anything else. */
export function hostileTextTests(test: Test): void {
  for (const [name, text] of Object.entries(hostile)) {
    test(`${name} in body, subject and names is sent as plain text`, async (scene) => {
      const { transport, exchange, from, to } = scene.harness;
      const oneLine = text.replace(/[\r\n\t]+/g, ' ').trim();
      const parts: Partial<Note> = {
        body: { type: 'text', content: `a ${text} z` },
        subject: `a ${oneLine} z`,
        from: { address: from.address, name: oneLine },
        to: [{ address: to.address, name: oneLine }],
      };
      const [harmless, note, next] = [scene.note(), scene.note(parts), scene.note()];
      await scene.deliver([harmless]);
      // Not through the scene, which identifies notes by their subjects.
      await transport.deliver([note, next], { signal: new AbortController().signal, mayWrite: () => true });
      const arrived = exchange.arrived(to.address);
      equal(arrived.length, 3, 'messages that arrived');
      const [plain, message, last] = [arrived[0], arrived[1], arrived[2]];
      if (plain === undefined || message === undefined || last === undefined) return;
      equal(readable(message.body.content), readable(`a ${text} z`), 'body');
      equal(readable(message.subject), readable(`a ${oneLine} z`), 'subject');
      equal([message.to, message.others], [plain.to, plain.others], 'everything else is as in a harmless note');
      equal(last.body, next.body, 'the next note');
    });
  }

  test('a probe takes a tag literally, whatever characters it contains', async (scene) => {
    const tag = `a"b'c<d>&e]]>/1`;
    const note = scene.note({ tag });
    await scene.deliver([note]);
    equal(
      (await scene.probe([note, scene.note({ tag: 'a' })])).map(({ status }) => status),
      ['found', 'absent'],
      'results',
    );
  });
}

/**
 * The text without the characters that XML 1.0 can't carry, or their replacements. In a regular expression with the u flag, the surrogate range
 * matches lone ones only.
 */
function readable(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]|[\ud800-\udfff\ufffd]/gu, '');
}
