import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCsClientPolicy, parseCsImConfiguration, policyOfCsImConfiguration } from '../../src/gating/cmdlets.ts';

const list = `
Identity        : Global
EnableOfflineIm : True

Identity        : Site:Redmond North
EnableOfflineIm : False

`;
const both = [
  { identity: 'Global', enableOfflineIm: true },
  { identity: 'Site:Redmond North', enableOfflineIm: false },
];
const colour = (text: string, on: string, off = '\u001b[0m'): string => text.replaceAll(/^(\w+ *: )/gm, `${on}$1${off}`);
const read = parseCsImConfiguration;

it.each(['Site:[Munich] North', 'Site:Redmond [Main]', 'Site:Redmond [main]', 'Tag:[m]'])(
  'brackets in the name of a scope are no colour: %s',
  (identity) => {
    const json = JSON.stringify({ Identity: identity, EnableOfflineIm: false });
    for (const output of [list.replace(/Site:.*/, identity), json]) {
      expect(read(output)).toContainEqual({ identity, enableOfflineIm: false });
    }
  },
);

describe('a listing pasted from a terminal', () => {
  const warning =
    'WARNING: The names of some imported commands from the module include unapproved verbs that might make them less\ndiscoverable. To find the commands with unapproved verbs, run the Import-Module command again.\n';
  it.each([
    ['colours of PowerShell 7', colour(list, '\u001b[32;1m')],
    ['a reset at the end of the value', list.replaceAll(/(Global|True|False)$/gm, '$1\u001b[0m')],
    ['the short reset', colour(list, '\u001b[1;32m', '\u001b[m')],
    ['256 colours and true colour', colour(list, '\u001b[38;5;10m\u001b[48;2;0;0;0m')],
    ['the one-byte introducer', colour(list, '\u009b32m', '\u009b0m')],
    ['colours whose ESC was lost', colour(list, '[32;1m', '[0m')],
    ['colours whose ESC is shown as a picture', colour(list, '\u241b[32;1m', '\u2190[0m')],
    ['colours in caret notation', colour(list, '^[[32;1m', '^[[0m')],
    ...['\\x1b', '\\x1B', '\\e', '\\033', '\\u001b', '`e'].map((shown): [string, string] => [
      `colours whose ESC is written as ${shown}`,
      list.replace(/Site.*/, `${shown}[32;1m$&${shown}[0m`),
    ]),
    [
      'a title, a hyperlink, cursor movements',
      `\u001b]0;pwsh\u0007\u001b[?1h\u001b=${list}\u001b]8;;https://x\u001b\\y\u001b]8;;\u001b\\\u001b[K\u001b(B`,
    ],
    ['spaces that do not break, as mails have', list.replaceAll(' ', '\u00a0')],
    ['invisible characters', list.replaceAll(':', '\u200e:\u200b')],
    ['form feeds, and the line ends of other systems', list.replaceAll('\n', '\u2028')],
    ['a warning before it, wrapped', warning + list],
    ['a warning amid it', list.replace('\nIdentity        : Site', `\n${warning}\nIdentity        : Site`)],
    ['a warning right below a property', list.replace('True\n', `True\n${warning}`)],
    ['messages of other streams', `VERBOSE: Loading module.\nDEBUG: x\n${list}INFO: done`],
    ['a warning in French', `AVERTISSEMENT : Le module est ancien.\n${list}`],
    ['a warning in German and one in Russian', `WARNUNG: alt\nПРЕДУПРЕЖДЕНИЕ: старый\n${list}`],
    ['a warning in Chinese, with its own colon', `警告：模块\n${list}`],
    [
      'the prompt of a remote session',
      `[lync01.contoso.com]: PS C:\\Users\\admin\\Documents> Get-CsImConfiguration\n${list}[lync01.contoso.com]: PS C:\\>`,
    ],
    ['the prompt of a management shell', `[PS] C:\\Windows\\system32>Get-CsImConfiguration | fl\n${list}`],
    ['the prompt of cmd', `C:\\Users\\admin>powershell -c Get-CsImConfiguration\n${list}\nC:\\Users\\admin>`],
    ['the prompt of a Unix shell', `admin@host:~$ pwsh -c 'Get-CsImConfiguration | Format-List'\n${list}`],
    [
      'a command continued over several lines',
      `PS C:\\> Get-CsImConfiguration |\n>> Select-Object Identity, EnableOfflineIm |\n>> Format-List\n>>\n${list}`,
    ],
    [
      'a command that the terminal wrapped',
      `PS C:\\> Get-CsImConfiguration | Select-Object Identity,\nEnableOfflineIm | Format-List\n${list}`,
    ],
    [
      'a transcript',
      `**********************\nWindows PowerShell transcript start\nStart time: 20260601120000\nUsername: CONTOSO\\admin\nMachine: LYNC01 (Microsoft Windows NT 10.0)\n**********************\nTranscript started, output file is C:\\t.txt\nPS C:\\> Get-CsImConfiguration\n${list}PS C:\\> Stop-Transcript\n**********************\nEnd time: 20260601120100\n**********************`,
    ],
    [
      'a banner',
      `Windows PowerShell\nCopyright (C) Microsoft Corporation. All rights reserved.\n\nTry the new cross-platform PowerShell https://aka.ms/pscore6\n\n${list}`,
    ],
    ['a fence of Markdown', `\`\`\`powershell${list}\`\`\``],
    ['the marks of a reply', list.trim().replaceAll(/^/gm, '> ')],
    ['a word before it', `Here is what we have:\n${list}\nRegards, Bob`],
    [
      'an error of another command before it',
      `Set-Foo : The term 'Set-Foo' is not recognized.\nAt line:1 char:1\n+ Set-Foo\n+ ~~~~~~~\n    + CategoryInfo          : ObjectNotFound: (Set-Foo:String) []\n\n${list}`,
    ],
    [
      'a property in capitals, of a Turkish shell',
      list.replaceAll('EnableOfflineIm', 'ENABLEOFFLİNEIM').replaceAll('Identity', 'IDENTITY'),
    ],
    ['a value broken within', list.replace('True', 'Tr\n                  ue')],
    ['the objects of the other cmdlet, pasted along', `${list}\nIdentity              : Global\nEnableIMAutoArchiving : True\n`],
  ])('is read with %s', (_what, output) => {
    expect(read(output)).toEqual(both);
  });

  it('is refused if a line may continue a name: half a name is another scope', () => {
    expect(() => read('Identity        : Site:Redmond Nor\nth Campus\nEnableOfflineIm : False')).toThrow(
      expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE', message: expect.stringContaining('"th Campus"') }),
    );
  });

  it('is refused if the cmdlet failed halfway: the list is incomplete', () => {
    const output = `${list}Get-CsImConfiguration: Access denied.\n`;
    expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
  });

  it('is read with any combination of these', () => {
    const before = fc.constantFrom(
      '',
      warning,
      'PS C:\\> Get-CsImConfiguration\n',
      '>> Format-List\n',
      'VERBOSE: x\n\n',
      '\ufeff',
      '\n\n',
    );
    const after = fc.constantFrom('', 'PS C:\\>', '\n\nWARNING: x', '[PS] C:\\>exit', '\u001b[0m', '   ');
    const dressed = fc.constantFrom(
      (text: string) => text,
      (text: string) => colour(text, '\u001b[32;1m'),
      (text: string) => text.replaceAll('\n', '\r\n'),
      (text: string) => text.replaceAll(/^(?=.)/gm, '  '),
      (text: string) => text.replaceAll(' ', '\u00a0'),
    );
    fc.assert(
      fc.property(fc.array(before, { maxLength: 4 }), fc.array(after, { maxLength: 3 }), dressed, (head, tail, dress) => {
        expect(read(head.join('') + dress(list) + tail.join('\n'))).toEqual(both);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a listing inside a mail', () => {
  const mail = `Hi,\n\nhere it is:\n\n${list.trim().replaceAll(/^/gm, '> ')}\n\nBob\n-- \nGlobal IT`;
  it('is read if only the listing is quoted', () => {
    expect(read(mail)).toEqual(both);
    expect(read(mail.replaceAll('> ', '>'))).toEqual(both);
  });

  it('is refused if other lines name a scope that is not quoted', () => {
    const output = list.trim().replaceAll(/^/gm, '> ').replace('> Identity        : Site', 'Identity        : Site');
    expect(read(output)).toEqual(both);
    expect(() => read(`< Identity : Site:Paris\n< EnableOfflineIm : False\n---\n${output}`)).toThrow('site:paris');
  });
});

describe('XML', () => {
  const clixml = `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0">
    <TN RefId="0"><T>Deserialized.IMConfiguration</T><T>Deserialized.System.Object</T></TN>
    <ToString>Global</ToString>
    <Props>
      <S N="Identity">Global</S>
      <Obj N="Entries" RefId="1"><TNRef RefId="0" /><LST><S>Identity</S></LST></Obj>
      <Nil N="Element" />
      <B N="EnableOfflineIm">true</B>
    </Props>
    <MS><S N="PSComputerName">lync01</S></MS>
  </Obj>
  <Obj RefId="2">
    <TNRef RefId="0" />
    <ToString>Site:Redmond North</ToString>
    <Props><S N="Identity">Site:Redmond North</S><B N="EnableOfflineIm">false</B></Props>
  </Obj>
</Objs>`;
  const converted = `<?xml version="1.0" encoding="utf-8"?>
<Objects>
  <Object Type="IMConfiguration">
    <Property Name="Identity" Type="System.String">Global</Property>
    <Property Name="Element" Type="System.Object" />
    <Property Name="Entries" Type="System.Object[]"><Property Type="System.String">x</Property></Property>
    <Property Name="EnableOfflineIm" Type="System.Boolean">True</Property>
  </Object>
  <Object Type="IMConfiguration">
    <Property Name="Identity" Type="System.String">Site:Redmond North</Property>
    <Property Name="EnableOfflineIm" Type="System.Boolean">False</Property>
  </Object>
</Objects>`;
  const forms: readonly (readonly [string, string])[] = [
    ['Export-Clixml', clixml],
    ['ConvertTo-Xml', converted],
    ['ConvertTo-Xml -NoTypeInformation', converted.replaceAll(/ Type="[^"]*"/g, '')],
  ];

  it.each(forms)('of %s is read', (_name, xml) => {
    expect(read(xml)).toEqual(both);
    expect(read(xml.replaceAll(/\n */g, ''))).toEqual(both);
    expect(read(`#< CLIXML\r\n${xml.replaceAll('\n', '\r\n')}`)).toEqual(both);
    expect(read(xml.replaceAll('Redmond North', 'R&amp;D &lt;_x0031_&#49;'))).toEqual([
      both[0],
      { identity: 'Site:R&D <11', enableOfflineIm: false },
    ]);
  });

  it.each(forms)('of %s is refused if it is cut off anywhere', (_name, xml) => {
    for (let end = xml.indexOf('<Obj') + 6; end < xml.length - 10; end += 7) expect(() => read(xml.slice(0, end))).toThrow();
  });

  it.each(forms)('of %s is refused if an object sets something twice', (_name, xml) => {
    const twice = xml.replace(/<(\w+) N(?:ame)?="EnableOfflineIm".*?<\/\1>/, '$&$&');
    expect(() => read(twice)).toThrow('twice');
  });

  it.each(forms)('of %s is read from all documents in the text', (_name, xml) => {
    const others = xml.replaceAll('Global<', 'Site:Paris<').replaceAll('Redmond North', 'Oslo');
    expect(read(`${xml}\n${others}`).map(({ identity }) => identity)).toEqual([
      'Global',
      'Site:Redmond North',
      'Site:Paris',
      'Site:Oslo',
    ]);
  });

  const paris = '<Object><Property Name="Identity" Type="System.String">Site:Paris</Property>';
  it.each([
    [
      'a value within another one',
      '<Property Name="EnableOfflineIm"><Property Type="System.Boolean">False</Property></Property>',
    ],
    ['single quotes', "<Property Name='EnableOfflineIm'>False</Property>"],
    ['characters as such', '<Property Name="EnableOfflineIm"><![CDATA[False]]></Property>'],
    ['notes of its own', '<Obj N="EnableOfflineIm" RefId="3"><B>false</B></Obj>'],
  ])('is refused if a setting cannot be read, which would look like one that is not set: %s', (_name, property) => {
    expect(() => read(converted.replace('</Objects>', `${paris}${property}</Object></Objects>`))).toThrow(
      expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }),
    );
  });

  it('is refused beside an error record, a comment, or another listing', () => {
    const error = '<S S="Error">Get-CsImConfiguration : Access denied_x000D__x000A_</S>';
    for (const output of [
      clixml.replace('</Objs>', `${error}</Objs>`),
      `${clixml}\n#< CLIXML\n<Objs Version="1.1.0.1">${error}</Objs>`,
      converted.replace(/<Object .*?<\/Object>/s, '<!-- $& -->'),
      `${list}\n${converted}`,
      `${converted}\n\nIdentity,EnableOfflineIm\nGlobal,False`,
    ])
      expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
    expect(read(`PS C:\\> Get-CsImConfiguration | Select Identity,EnableOfflineIm | ConvertTo-Xml\n${converted}`)).toEqual(both);
  });

  it('is read in linear time', () => {
    for (const attributes of ['<S N="a" '.repeat(200_000), `<S ${'N="a" '.repeat(200_000)}`]) {
      expect(() => read(`<Objs >${attributes}</Objs>`)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
    }
  });
});

describe('a name truncated by its column', () => {
  it.each(['...', '\u2026'])('is refused in any form: it could be another scope (%s)', (cut) => {
    const name = `Site:Red${cut}`;
    for (const output of [
      `Identity        : ${name}\nEnableOfflineIm : False`,
      `Identity,EnableOfflineIm\n${name},False`,
      `Identity   EnableOfflineIm\n--------   ---------------\n${name} False`,
      JSON.stringify({ Identity: name, EnableOfflineIm: false }),
    ]) {
      expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
    }
  });
});

it('JSON with megabytes of text is read', () => {
  const listing = { Identity: 'Global', EnableOfflineIm: true, Description: 'x'.repeat(9_000_000) };
  expect(read(JSON.stringify(listing))).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
});

it.each([
  ['JSON', '{"Identity":"Global","EnableOfflineIm":false,"EnableOfflineIm":true}'],
  ['JSON that names its scope twice', '{"Identity":"Site:Oslo","EnableOfflineIm":true,"Identity":"Global"}'],
  ['JSON, escaped', '[{"Identity":"Global","EnableOfflineIm":false,"Enable\\u004fffline\nIm":true}]'],
  ['an object in a string', '@{Identity=Global; EnableOfflineIm=False; EnableOfflineIm=True}'],
  ['JSON of strings', '["@{Identity=Global; EnableOfflineIm=False; ENABLEOFFLINEIM=True}"]'],
  ['CSV', '"Identity","EnableOfflineIm","EnableOfflineIm"\n"Global","False","True"'],
  ['a table of a wiki', '| Identity | EnableOfflineIm | enableofflineim |\n| Global | False | True |'],
])('%s is refused if it sets something twice in one object: only the last would be read', (_form, output) => {
  expect(() => read(output)).toThrow('twice');
});

it.each([
  ['JSON below a list', 'Identity : Global\nEnableOfflineIm : True\n\n[{"Identity":"Global","EnableOfflineIm":false}]'],
  ['a list below JSON', '[{"Identity":"Global","EnableOfflineIm":true}]\n\nIdentity : Global\nEnableOfflineIm : False'],
  ['an object in a string beside a list', '@{Identity=Global; EnableOfflineIm=False}\nIdentity : Global\nEnableOfflineIm : True'],
  ['a list below a table', 'Identity EnableOfflineIm\n-------- ---------------\nGlobal   True\n\nEnableOfflineIm : False'],
  [
    'JSON below a list of two',
    'Identity : Site:Oslo\nEnableOfflineIm : False\n\nIdentity : Global\nEnableOfflineIm : True\n\n{"Identity":"Global","EnableOfflineIm":false}',
  ],
])('%s is refused if it contradicts itself about one scope', (_form, output) => {
  expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
});

describe('a listing that hides no other setting is read:', () => {
  const mixed = JSON.stringify([
    { Identity: 'Global', EnableOfflineIm: true, Element: { FirstAttribute: 'EnableOfflineIm="true"', toString: 1 } },
    {
      Identity: 'Site:Redmond North',
      EnableOfflineIm: false,
      Availability: { value: 0, Value: 'WebSearchOnly' },
      Deep: ['EnableOfflineIm="false"'],
    },
  ]);
  const selected = (identity: string, value: string): string =>
    `<Obj><ToString>@{Identity=${identity}; EnableOfflineIm=${value}}</ToString><MS><S N="Identity">${identity}</S><B N="EnableOfflineIm">${value.toLowerCase()}</B></MS></Obj>`;

  it.each([
    ['JSON with the XML of an object, and an enumeration of a remote session', mixed],
    [
      'Export-Clixml of Select-Object',
      `<Objs Version="1.1.0.1">${selected('Global', 'True')}${selected('Site:Redmond North', 'False')}</Objs>`,
    ],
    ['a command with the dashes of a text program', `PS C:\\> Set-CsImConfiguration –Identity X –EnableOfflineIm $true\n${list}`],
  ])('%s', (_form, output) => expect(read(output)).toEqual(both));

  const yes = 'Identity        : Global\nEnableOfflineIm : True\n';
  it.each([
    ['a quotation of itself', `${yes}\n>> ${yes.replaceAll('\n', '\n>> ')}`],
    ['a word before it', `We have EnableOfflineIm = True:\n\n${yes}`],
  ])('%s', (_form, output) => expect(read(output)).toEqual([{ identity: 'Global', enableOfflineIm: true }]));
});

it.each([
  ['two values of one setting', '{"Identity":"Global","EnableOfflineIm":{"value":true,"Value":false}}'],
  [
    'an object as a string that says something else',
    '<Objs ><Obj><MS><S N="Identity">Global</S><B N="EnableOfflineIm">true</B></MS></Obj><Obj><ToString>@{Identity=Global; EnableOfflineIm=False}</ToString></Obj></Objs>',
  ],
  [
    'objects whose names differ in their case only',
    '{"im":{"Identity":"Global","EnableOfflineIm":false},"Im":{"Identity":"Global","EnableOfflineIm":true}}',
  ],
])('refuses %s', (_form, output) => {
  expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
});

it('deeply nested JSON is read in linear time', () => {
  const deep = `{"Identity":"Global","EnableOfflineIm":true,"X":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  expect(read(deep)).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
});

it('JSON with the same key twice, in different case, is refused', () => {
  const output = '{"Identity":"Global","EnableOfflineIm":true,"enableofflineim":false}';
  expect(() => read(output)).toThrow('twice');
});

describe('a table', () => {
  it.each([
    [
      'auto-sized',
      'Identity           EnableOfflineIm\n--------           ---------------\nGlobal                        True\nSite:Redmond North           False\n',
    ],
    [
      'as wide as the screen',
      'Identity                                                    EnableOfflineIm\n--------                                                    ---------------\nGlobal                                                                 True\nSite:Redmond North                                                    False',
    ],
    [
      'with values on the left',
      'Identity           EnableOfflineIm\n--------           ---------------\nGlobal             True\nSite:Redmond North False\n',
    ],
    [
      'in colour',
      '\u001b[32;1mIdentity          \u001b[0m\u001b[32;1m EnableOfflineIm\u001b[0m\n\u001b[32;1m--------          \u001b[0m \u001b[32;1m---------------\u001b[0m\nGlobal                        True\nSite:Redmond North           False\n',
    ],
    [
      'with the columns the other way round',
      'EnableOfflineIm Identity\n--------------- --------\n           True Global\n          False Site:Redmond North\n',
    ],
    [
      'of more columns, some of them empty',
      'Identity           Description EnableOfflineIm Element\n--------           ----------- --------------- -------\nGlobal                                    True <x/>\nSite:Redmond North a b                   False\n',
    ],
    [
      'with wrapped names',
      'Identity     EnableOfflineIm\n--------     ---------------\nGlobal                  True\nSite:Redmond           False\nNorth\n',
    ],
    [
      'between prompts and warnings',
      'PS C:\\> Get-CsImConfiguration | ft Identity, EnableOfflineIm\nWARNING: x\n\nIdentity           EnableOfflineIm\n--------           ---------------\nGlobal                        True\nSite:Redmond North           False\n\n\nPS C:\\>',
    ],
    [
      'in pieces',
      'Identity EnableOfflineIm\n-------- ---------------\nGlobal              True\n\nIdentity           EnableOfflineIm\n--------           ---------------\nSite:Redmond North           False\n',
    ],
  ])('is read %s', (_how, output) => {
    expect(read(output)).toEqual(both);
  });

  it('omits settings that a scope does not set', () => {
    const output = 'Identity     EnableOfflineIm\n--------     ---------------\nGlobal                  True\nSite:Redmond\n';
    expect(read(output)).toEqual([{ identity: 'Global', enableOfflineIm: true }, { identity: 'Site:Redmond' }]);
  });

  it('is refused without the setting', () => {
    expect(() => read('Identity Foo\n-------- ---\nGlobal     1')).toThrow(
      expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }),
    );
  });

  it('is read as Format-Table prints it, whatever the names', () => {
    const name = fc.stringMatching(/^[A-Za-z]([A-Za-z0-9 -]{0,18}[A-Za-z0-9])?$/).filter((text) => !text.includes('  '));
    const rows = fc.uniqueArray(fc.record({ name, on: fc.boolean() }), {
      selector: (row) => row.name.toLowerCase(),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(rows, fc.boolean(), fc.integer({ min: 1, max: 9 }), (all, right, gap) => {
        const width = Math.max(8, ...all.map((row) => row.name.length + 5));
        const value = (text: string): string => (right ? text.padStart(15) : text.padEnd(15));
        const line = (one: string, two: string): string => `${one.padEnd(width)}${' '.repeat(gap)}${two}`;
        const output = [
          line('Identity', 'EnableOfflineIm'),
          line('--------', '---------------'),
          ...all.map((row) => line(`Site:${row.name}`, value(row.on ? 'True' : 'False'))),
        ];
        expect(read(output.join('\n'))).toEqual(all.map((row) => ({ identity: `Site:${row.name}`, enableOfflineIm: row.on })));
      }),
      { numRuns: 300 },
    );
  });
});

describe('ConvertTo-Json', () => {
  const objects = [
    { Identity: 'Global', EnableOfflineIm: true, Key: { ScopeClass: 'Global', SchemaId: { Name: 'x' } } },
    { Identity: 'Site:Redmond North', EnableOfflineIm: false, Key: null },
  ];
  const json = JSON.stringify(objects, undefined, 2);
  it.each([
    ['a prompt before and after', `PS C:\\> Get-CsImConfiguration | ConvertTo-Json\n${json}\nPS C:\\>`],
    ['the prompt of a remote session', `[lync01]: PS C:\\> Get-CsImConfiguration | ConvertTo-Json\n${json}`],
    [
      'a warning that its depth was exceeded',
      `WARNING: Resulting JSON is truncated as serialization has exceeded the set depth of 2.\n${json}`,
    ],
    ['colours', `\u001b[32m${json}\u001b[0m`],
    ['colours in its strings', json.replace(/Site[^"]*/, '\\u001b[32;1m$&\\u001B[0m')],
    ['one document for each object', objects.map((object) => JSON.stringify(object)).join('\n')],
    ['lists in a list', JSON.stringify([objects.slice(0, 1), objects.slice(1)])],
    [
      'a hashtable of two cmdlets',
      JSON.stringify({ im: objects, policy: [{ Identity: 'Global', EnableIMAutoArchiving: true }] }),
    ],
    [
      'depth 0: objects flattened into strings',
      JSON.stringify(
        objects.map(
          ({ Identity, EnableOfflineIm }) => `@{Identity=${Identity}; EnableOfflineIm=${EnableOfflineIm ? 'True' : 'False'}}`,
        ),
      ),
    ],
    [
      'values that carry notes of Windows PowerShell 5',
      JSON.stringify(objects.map((object) => ({ ...object, Identity: { value: object.Identity, PSComputerName: 'x' } }))),
    ],
    ['names in camel case', json.replaceAll('Identity', 'identity').replaceAll('EnableOffline', 'enableOffline')],
    ['lines that the console broke', JSON.stringify(objects).replace('Redmond North', 'Redmond No\nrth')],
    [
      'properties of a remote session',
      JSON.stringify(objects.map((object) => ({ ...object, PSComputerName: 'lync01', RunspaceId: 'x' }))),
    ],
  ])('is read with %s', (_what, output) => {
    expect(read(output)).toEqual(both);
  });

  it('is refused if an object has an unexpected form', () => {
    for (const output of ['[1]', '{"Identity":{},"EnableOfflineIm":true}', `${json.slice(0, -3)}`, '[[["x"]]]']) {
      expect(() => read(output), output).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
    }
  });
});

describe('a listing that was saved or forwarded', () => {
  const csv = '"Identity","EnableOfflineIm"\n"Global","True"\n"Site:Redmond North","False"\n';
  const transcript = (text: string): string =>
    `**********************\nWindows PowerShell transcript start\nStart time: 20260101\n**********************\n${text}**********************\nWindows PowerShell transcript end\n**********************`;
  it.each([
    ['ConvertTo-Csv', csv],
    ['ConvertTo-Csv, with the type', `#TYPE Microsoft.Rtc.Management.X\n${csv}`],
    ['ConvertTo-Csv below its command', `PS C:\\> Get-CsImConfiguration | ConvertTo-Csv\n${csv}PS C:\\>`],
    ['ConvertTo-Csv, with quotes where they are needed', csv.replaceAll('"', '')],
    ['ConvertTo-Csv of another region', csv.replaceAll('","', '";"')],
    [
      'ConvertTo-Csv with more columns, commas, quotes and lines in values',
      csv.replaceAll('"Identity"', '"Anchor","Identity"').replaceAll(/^"(Global|Site)/gm, '"a, ""b""\nc","$1'),
    ],
    ['Export-Csv with tabs', csv.replaceAll('","', '"\t"')],
    ['a spreadsheet', 'Identity\tEnableOfflineIm\r\nGlobal\tTRUE\r\nSite:Redmond North\tFALSE\r\n'],
    [
      'a table of a page, by tabs',
      'Identity\tEnableOfflineIm\n--------\t---------------\nGlobal\tTrue\nSite:Redmond North\tFalse\n',
    ],
    [
      'a table whose spaces a page made one',
      'Identity EnableOfflineIm\n-------- ---------------\nGlobal True\nSite:Redmond North False\n',
    ],
    [
      'a table with a frame',
      '+------------+-----------------+\n| Identity   | EnableOfflineIm |\n+------------+-----------------+\n| Global     | True            |\n| Site:Redmond North | False |\n+------------+-----------------+',
    ],
    [
      'a table with a drawn frame',
      '┌────────────────────┬─────────────────┐\n│ Identity           │ EnableOfflineIm │\n├────────────────────┼─────────────────┤\n│ Global             │ True            │\n│ Site:Redmond North │ False           │\n└────────────────────┴─────────────────┘',
    ],
    ['ConvertTo-Yaml', '- Identity: Global\n  EnableOfflineIm: true\n- Identity: Site:Redmond North\n  EnableOfflineIm: false\n'],
    ['the table of a wiki', '| Identity | EnableOfflineIm |\n|---|:---:|\n| Global | True |\n| Site:Redmond North | False |\n'],
    ['Start-Transcript', transcript(list)],
    ['Start-Transcript, directly below the last line', transcript(`${list.trimEnd()}\n`)],
    ['a reply to a reply', list.trim().replaceAll(/^/gm, '> > > ')],
  ])('is read from %s', (_what, output) => {
    expect(read(output)).toEqual(both);
  });

  it('is refused if a value is neither true nor false', () => {
    expect(() => read(csv.replace('"False"', '"maybe"'))).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
  });
});

it('keeps the hyphen of a name that continues on the next line', () => {
  const wrapped = 'Identity        : Site:Redmond\n                  - North: 2\nEnableOfflineIm : False\n';
  expect(read(wrapped)).toEqual([{ identity: 'Site:Redmond - North: 2', enableOfflineIm: false }]);
});

describe('every scope of a listing is read', () => {
  const tabs = 'Identity\tEnableOfflineIm\tDescription\nGlobal\tTrue\tx\nSite:Redmond North\tFalse\t\n';
  const short = 'Identity,EnableOfflineIm\nGlobal,True\nSite:Redmond North,False\n';
  it.each([
    ['the last cell of the last row is empty', tabs],
    ['editors cut off the empty cells of each row', tabs.replaceAll(/\t?(?:x|\t)$/gm, '')],
    ['a row has an empty cell more', tabs.replace('False\t', 'False\t\t\t')],
    ['a row of empty cells is in between', tabs.replace('Site', '\t\t\nSite')],
    ['line breaks are doubled', tabs.replaceAll('\n', '\r\n\r\n')],
    ['a warning is in between', short.replace('Site', 'WARNING: x\nSite')],
    ['the names are repeated', short.replace('Site', '\nIdentity,EnableOfflineIm\nSite')],
    [
      'another listing follows with its columns in another order',
      short.replace('Site:Redmond North,False', '\nEnableOfflineIm,Identity\nFalse,Site:Redmond North'),
    ],
    ['another cmdlet is below it', `${short}\nIdentity,EnableOther\nGlobal,False\nSite:B,True`],
    ['a value is the word Identity', 'Identity,EnableOfflineIm,X\nGlobal,True,Identity\nSite:Redmond North,False,identity\n'],
    ['a reply is marked behind a tab', list.trim().replaceAll(/^/gm, '\t> ')],
    ['it has the name in capitals', short.replace('Site:Redmond North', 'SITE:REDMOND NORTH')],
    [
      'a value goes on in the next line of a frame',
      '│ Identity │ EnableOfflineIm │\n│ Global │ True │\n│ Site:Redmond │ False │\n│ North │ │\n',
    ],
    [
      'YAML quotes it',
      '- Identity: Global\n  EnableOfflineIm: true\n- Identity: "Site:Redmond North"\n  EnableOfflineIm: false\n',
    ],
  ])('if %s', (_what, output) => {
    const found = read(output).filter(({ enableOfflineIm }) => enableOfflineIm !== undefined);
    expect(found.map((one) => ({ ...one, identity: one.identity.toLowerCase() }))).toEqual(
      both.map((one) => ({ ...one, identity: one.identity.toLowerCase() })),
    );
  });

  it.each([
    ['a name has a comma of its own', short.replace('Redmond North', 'Redmond, North')],
    ['YAML folds a name', 'Identity: >-\n  Site:Redmond\n  North\nEnableOfflineIm: true\n'],
    ['a value is missing', 'Identity,EnableOfflineIm,X\nGlobal,True,\nSite:Redmond,False\n'],
    ['a line of it is marked', short.replace('Site', '- Site')],
    [
      'a row of a page is set as code',
      '| Identity | EnableOfflineIm |\n|---|---|\n| Global | True |\n\n| `Site:Redmond` | False |\n',
    ],
    [
      'another quotation mark is there by chance',
      'Identity\tX\tEnableOfflineIm\nGlobal\t5" a\tTrue\nSite:Redmond\t7" b\tFalse\n',
    ],
    ['a cell of several lines lost its quotes', 'Identity\tX\tEnableOfflineIm\nGlobal\tx\tTrue\nSite:Redmond\ta\nb\tFalse\n'],
    [
      'an object of a list is marked',
      'Identity: Global\nEnableOfflineIm: True\n\n* Identity: Site:Redmond\n* EnableOfflineIm: False\n',
    ],
    [
      'an object of a list has no spaces',
      'Identity: Global\nEnableOfflineIm: True\n\nIdentity:Site:Redmond\nEnableOfflineIm:False\n',
    ],
    ['a table follows a list', `${list.slice(0, 42)}\n\nIdentity EnableOfflineIm\n-------- ---------------\nSite:A   False\n`],
    ['a list follows JSON', '{"Identity":"Site:A","EnableOfflineIm":true}\nIdentity : Global\nEnableOfflineIm : False\n'],
    [
      'JSON has an object twice in one',
      '{"Identity":"Site:A","EnableOfflineIm":false,"identity":"Global","enableOfflineIm":true}',
    ],
    ['a table has a gap', 'Identity EnableOfflineIm\n-------- ---------------\nGlobal   True\n\nSite:A   False\n'],
    [
      'a scope in capitals looks like a message',
      'Identity EnableOfflineIm\n-------- ---------------\nGlobal   True\nSITE:A   False\n',
    ],
    ['an object in a string is broken', '@{Identity=Global; EnableOfflineIm=True}\n@{Identity=Site:A\nB; EnableOfflineIm=False}'],
    ['a quotation mark is not closed', tabs.replace('False\t', 'False\t5" wide')],
    [
      'a word could be of the name or of another column',
      'Identity Description EnableOfflineIm\n-------- ----------- ---------------\nGlobal of-all True\nSite:Redmond North True\n',
    ],
  ])('or the listing is refused if %s', (_what, output) => {
    expect(() => read(output)).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
  });
});

it('a name and another value that continue on the same line of a table are read', () => {
  const output =
    'Identity     Description EnableOfflineIm\n--------     ----------- ---------------\nGlobal       a long                 True\n             text\nSite:Redmond another               False\nNorth        one\n';
  expect(read(output)).toEqual(both);
});

it('a name that the console broke within a word is not taken for an unlisted one', () => {
  const listed = read(
    'Identity      EnableOfflineIm\n--------      ---------------\nGlobal                   True\nSite:Redmondi           False\nngton\n',
  );
  expect(() => policyOfCsImConfiguration(listed, { site: 'Redmondington' })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
  expect(policyOfCsImConfiguration(listed, { site: 'Redmond' })).toEqual({ enableOfflineIm: true });
});

it.each([
  [
    'another cmdlet in another form',
    `${list}\nIdentity  EnableIMAutoArchiving\n--------  ---------------------\nGlobal                     True\nTag:Sales                 False\n`,
  ],
  [
    'the command for one scope',
    `PS C:\\> Get-CsImConfiguration -Identity Site:Paris\nSet-CsImConfiguration -Identity Site:Paris\n${list}`,
  ],
  ['one that a description speaks of', list.replace('True', 'True\nDescription     : see\n                  Site:Paris')],
  ['a scope as another value', list.replace('True', 'True\nAnchor : Site:Paris')],
])('%s is not mistaken for a scope that was left out', (_what, output) => {
  expect(read(output)).toEqual(both);
});

it('one paste with both cmdlets works for both parsers', () => {
  const paste = `${list}PS C:\\> Get-CsClientPolicy\n\nIdentity              : Global\nEnableIMAutoArchiving : False\n`;
  expect(read(paste)).toEqual(both);
  expect(parseCsClientPolicy(paste)[0]).toEqual({ identity: 'Global', enableImAutoArchiving: false });
});

it('needs time linear in its length, whatever it contains', () => {
  for (const piece of [
    '\u001b[',
    '[0;',
    'A ',
    ': ',
    ' ',
    '-',
    '"',
    '@{',
    '[',
    '{"a":[',
    'user@host',
    'WARNING',
    '>\n',
    'x\n\n',
    '"',
    'a\t',
    '- ',
    '",',
    '|',
    'Identity,EnableOfflineIm\n',
    '> ',
  ]) {
    const started = performance.now();
    expect(() => read(piece.repeat(20_000))).toThrow(expect.objectContaining({ code: 'CMDLET_OUTPUT_UNREADABLE' }));
    expect(performance.now() - started, JSON.stringify(piece)).toBeLessThan(20_000);
  }
});
