import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import {
  parseCsClientPolicy,
  parseCsImConfiguration,
  policyOfCsClientPolicy,
  policyOfCsImConfiguration,
} from '../../src/gating/cmdlets.ts';
import { codePoint } from '../support/code-points.ts';

const list = `
Identity            : Global
Element             : <ImConfiguration xmlns="urn:x"
                      Enable="EnableOfflineIm : False" />
EnableOfflineIm     : True

Identity            : Site:Redmond
Element             :
EnableOfflineIM     : False

`;
const both = [
  { identity: 'Global', enableOfflineIm: true },
  { identity: 'Site:Redmond', enableOfflineIm: false },
];

function refusal(output: unknown): string {
  try {
    parseCsImConfiguration(output as string);
  } catch (error) {
    if (error instanceof OfflineImError && error.code === 'CMDLET_OUTPUT_UNREADABLE') return error.message;
    throw error;
  }
  throw new Error('accepted');
}

describe('parseCsImConfiguration', () => {
  const forms: readonly [string, string][] = [
    ['the list as PowerShell prints it', list],
    ['CRLF line ends', list.replaceAll('\n', '\r\n')],
    ['line ends that were doubled', list.replaceAll('\n', '\r\r\n').replaceAll('\n', '\n\n')],
    ['a byte order mark', `\ufeff${list}`],
    ['a UTF-8 byte order mark read as Latin-1', `ï»¿${list}`],
    ['UTF-16 LE read as Latin-1', Buffer.from(`\ufeff${list}`, 'utf16le').toString('latin1')],
    ['UTF-16 LE read as UTF-8', Buffer.from(`\ufeff${list}`, 'utf16le').toString('utf8')],
    ['UTF-16 BE read as Latin-1', Buffer.from(`\ufeff${list}`, 'utf16le').swap16().toString('latin1')],
    ['a listing that is indented as a whole', list.replaceAll(/^(?=.)/gm, '    ')],
    ['a listing that is indented but for its first line', list.replaceAll(/^(?=.)/gm, '    ').trim()],
    ['scopes without an empty line between them', list.replaceAll(/\n\n+/g, '\n')],
    ['the prompt copied along', `PS C:\\Users\\admin> Get-CsImConfiguration\n${list}PS C:\\Users\\admin>`],
    ['names in another case', list.replaceAll('Identity', 'IDENTITY').replaceAll('EnableOffline', 'enableoffline')],
    ['PowerShell literals', list.replace(': True', ': $true').replace(': False\n\n', ': $FALSE\n\n')],
    [
      'a JSON array',
      JSON.stringify([
        { Identity: 'Global', EnableOfflineIm: true },
        { Identity: 'Site:Redmond', EnableOfflineIM: 'False' },
      ]),
    ],
    [
      'JSON of Windows PowerShell 5',
      JSON.stringify(
        {
          value: [
            { Identity: 'Global', EnableOfflineIm: true },
            { Identity: 'Site:Redmond', EnableOfflineIm: false },
          ],
          Count: 2,
        },
        null,
        4,
      ),
    ],
  ];
  for (const [form, output] of forms) {
    it(`reads ${form}`, () => expect(parseCsImConfiguration(output)).toEqual(both));
  }

  it('reads one JSON object, as ConvertTo-Json writes a single scope', () => {
    expect(parseCsImConfiguration('\ufeff  {"Identity":"Global","EnableOfflineIm":false}')).toEqual([
      { identity: 'Global', enableOfflineIm: false },
    ]);
  });

  it('omits settings that a scope does not set', () => {
    expect(
      parseCsImConfiguration('Identity : Global\nEnableOfflineIm :\n\nIdentity : Site:A\nEnableOfflineIm : True'),
    ).toStrictEqual([{ identity: 'Global' }, { identity: 'Site:A', enableOfflineIm: true }]);
    expect(parseCsImConfiguration('{"Identity":"Global","EnableOfflineIm":null}')).toEqual([{ identity: 'Global' }]);
  });

  it('joins an identity wrapped over several lines', () => {
    const output = 'Identity        : Site:Redmond North\n                  Campus\nEnableOfflineIm : True';
    expect(parseCsImConfiguration(output)[0]?.identity).toBe('Site:Redmond North Campus');
  });

  const refused: readonly [string, unknown, string][] = [
    ['nothing', '', 'empty'],
    ['white space', ' \r\n\ufeff', 'empty'],
    ['something other than a string', undefined, 'not a string'],
    [
      'a table that cuts off its names',
      'Identity     EnableOfflineIm\n--------     ---------------\nSite:Redm...            True',
      'truncates the Identity "Site:Redm..."',
    ],
    [
      'an error of PowerShell',
      "Get-CsImConfiguration : The term 'Get-CsImConfiguration' is not recognized",
      'not "Name : Value"',
    ],
    [
      'the other cmdlet',
      'Identity : Global\nEnableIMAutoArchiving : True',
      'has no EnableOfflineIm; it has "identity, enableimautoarchiving"',
    ],
    ['no identity', 'EnableOfflineIm : True', 'no Identity'],
    ['an empty identity', 'Identity :\nEnableOfflineIm : True', 'Identity is ""'],
    ['a value that is neither', 'Identity : Global\nEnableOfflineIm : Yes', 'EnableOfflineIm of "Global" is "Yes"'],
    ['a number in JSON', '{"Identity":"Global","EnableOfflineIm":1}', 'is the number 1'],
    [
      'a scope twice',
      'Identity : Global\nEnableOfflineIm : True\n\nIdentity : global\nEnableOfflineIm : False',
      '"global" twice',
    ],
    ['broken JSON', '[{"Identity":"Global"', 'not valid JSON'],
    ['an empty JSON array', '[]', 'no object'],
    ['JSON without objects', '[null]', 'null instead of an object'],
    ['an identity that is an object', '{"Identity":{},"EnableOfflineIm":true}', 'Identity is an object'],
  ];
  for (const [what, output, found] of refused) {
    it(`refuses ${what}, and says what is expected`, () => {
      const message = refusal(output);
      expect(message).toContain(found);
      expect(message).toContain('Expected the output of Get-CsImConfiguration');
    });
  }

  it('reads any listing that the cmdlet could print', () => {
    const scope = fc.record({ site: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 -]{0,18}[a-z]$/), on: fc.boolean() });
    const scopes = fc.uniqueArray(scope, { selector: ({ site }) => site.toLowerCase().replaceAll(/ +/g, ' '), minLength: 1 });
    fc.assert(
      fc.property(scopes, fc.constantFrom('\n', '\r\n'), fc.nat(3), (all, eol, gap) => {
        const blocks = all.map(
          ({ site, on }) => `Identity        : Site:${site}${eol}EnableOfflineIm : ${on ? 'True' : 'False'}`,
        );
        const expected = all.map(({ site, on }) => ({ identity: `Site:${site}`, enableOfflineIm: on }));
        expect(parseCsImConfiguration(blocks.join(eol.repeat(gap + 1)))).toEqual(expected);
      }),
    );
  });

  it('returns a listing or throws its own error for any string', () => {
    const piece = fc.constantFrom(
      'Identity',
      'EnableOfflineIm',
      ' : ',
      'True',
      'Global',
      '\n',
      '\r\n',
      '   ',
      '{',
      '[',
      '"',
      ':',
      '}',
      ']',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: codePoint }),
          fc.array(piece).map((pieces) => pieces.join('')),
        ),
        (text) => {
          try {
            parseCsImConfiguration(text);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CMDLET_OUTPUT_UNREADABLE' });
          }
        },
      ),
    );
  });
});

describe('parseCsClientPolicy', () => {
  const output = `
Identity                : Global
PolicyEntry             : {}
EnableIMAutoArchiving   : True

Identity                : Tag:Legal
PolicyEntry             : {Name=a;Value=b, Name=c;
                          Value=d}
EnableIMAutoArchiving   : False

Identity                : Site:Redmond
EnableIMAutoArchiving   :
`;

  it('reads every policy', () => {
    expect(parseCsClientPolicy(output)).toStrictEqual([
      { identity: 'Global', enableImAutoArchiving: true },
      { identity: 'Tag:Legal', enableImAutoArchiving: false },
      { identity: 'Site:Redmond' },
    ]);
  });

  it('refuses output of the other cmdlet', () => {
    expect(() => parseCsClientPolicy(list)).toThrow(
      expect.objectContaining({
        code: 'CMDLET_OUTPUT_UNREADABLE',
        message: expect.stringContaining('Expected the output of Get-CsClientPolicy as a list'),
      }),
    );
  });

  it('returns the policy of a tag, else of the site, else the global one', () => {
    const policies = parseCsClientPolicy(output);
    expect(policyOfCsClientPolicy(policies)).toEqual({ enableImAutoArchiving: true });
    expect(policyOfCsClientPolicy(policies, { tag: 'legal', site: 'Redmond' })).toEqual({ enableImAutoArchiving: false });
    expect(policyOfCsClientPolicy(policies, { tag: 'Tag:Legal' })).toEqual({ enableImAutoArchiving: false });
    expect(policyOfCsClientPolicy(policies, { site: 'Redmond' })).toStrictEqual({});
    expect(policyOfCsClientPolicy(policies, { site: 'Oslo' })).toEqual({ enableImAutoArchiving: true });
  });

  it('does not guess for an unlisted tag', () => {
    expect(() => policyOfCsClientPolicy(parseCsClientPolicy(output), { tag: 'Sales' })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: 'The listing has none of "Tag:Sales"; it has "Global, Tag:Legal, Site:Redmond".',
      }),
    );
  });
});

describe('policyOfCsImConfiguration', () => {
  it('prefers the site to the global configuration', () => {
    expect(policyOfCsImConfiguration(both)).toEqual({ enableOfflineIm: true });
    expect(policyOfCsImConfiguration(both, { site: 'redmond' })).toEqual({ enableOfflineIm: false });
    expect(policyOfCsImConfiguration(both, { site: 'Oslo' })).toEqual({ enableOfflineIm: true });
  });

  it('returns nothing if the scope sets nothing', () => {
    expect(policyOfCsImConfiguration([{ identity: 'Global' }])).toStrictEqual({});
  });

  it('refuses a listing without an applicable scope', () => {
    expect(() => policyOfCsImConfiguration(both.slice(1), { site: 'Oslo' })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: 'The listing has none of "Site:Oslo, Global"; it has "Site:Redmond".',
      }),
    );
    expect(() => policyOfCsImConfiguration(both, { site: 'Red mond' })).toThrow(
      'The listing has "Site:Redmond", which differs from "Site:Red mond" only in spaces; if a console wrapped the name, print the listing as JSON (ConvertTo-Json).',
    );
  });
});
