/** The words of refusals, the edges of versions, and what listings are refused for. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import {
  compareClientVersions,
  formatClientVersion,
  parseClientVersion,
  readShownVersion,
} from '../../src/gating/client-version.ts';
import { parseCsImConfiguration, policyOfCsClientPolicy, policyOfCsImConfiguration } from '../../src/gating/cmdlets.ts';
import { evaluateGate, GateRefusedError, resolvePolicy } from '../../src/gating/gate.ts';
import { flattened, readJson } from '../../src/gating/json-output.ts';
import { nameKey, readListOutput } from '../../src/gating/list-output.ts';

const client = { version: '16.0.6920.1000', mailboxLocation: 'on-premises' } as const;
const told = (input: object) => {
  const decision = evaluateGate({ client, ...input });
  return decision.allowed ? [] : decision.reasons;
};

describe('the gate', () => {
  it('states for each reason what was found and what is needed', () => {
    const all = told({
      client: { version: '16.0.4266.1001', mailboxLocation: 'exchange-online' },
      policy: { enableOfflineIm: false, enableImAutoArchiving: false },
      domainsNotFederated: ['fabrikam.com'],
    });
    expect(all.map(({ text }) => text)).toEqual([
      'EnableOfflineIm is False. EnableOfflineIm must be True (Set-CsImConfiguration); it is so by default from server version 6.0.9319.259.',
      'EnableIMAutoArchiving is False: messages are not saved to the Conversation History folder. EnableIMAutoArchiving must be True in the client policy of the sender (Set-CsClientPolicy).',
      'The client is 16.0.4266.1001, an MSI install. MSI installs (16.0.4xxx) do not have Offline IM. For a mailbox in Exchange Online the client must be Click-to-Run build 16.0.6701.1000 or higher.',
      'The domain "fabrikam.com" is neither the organisation\'s own nor federated with it. Recipients must be in a domain of organization.domains or organization.federatedDomains.',
    ]);
    for (const { text, found, needed } of all) expect(text).toBe(`${found} ${needed}`);
    expect(new GateRefusedError(all).message).toBe(
      `The gate refused the message. ${all.map(({ code, text }) => `${code}: ${text}`).join(' ')}`,
    );
  });

  it('quotes an unreadable version', () => {
    expect(told({ client: { ...client, version: 'x' } })[0]?.found).toBe(
      'The client version is "x", neither four numbers nor a SIP User-Agent with an OC/ token.',
    );
  });

  it.each([
    ['16.0.4000.0', true],
    ['16.0.4999.0', true],
    ['16.0.3999.0', false],
    ['16.0.5000.0', false],
    ['16.1.4266.1', undefined],
    ['15.0.4266.1', false],
  ])('reports %s as an MSI install: %s', (version, isMsi) => {
    const [reason] = told({ client: { ...client, version } });
    expect(reason?.found.includes('MSI')).toBe(isMsi);
  });

  it('uses the location of the mailbox that sends', () => {
    const asked: string[] = [];
    const version = '16.0.6701.1000';
    const mailboxLocation = (mailbox: string) => {
      asked.push(mailbox);
      return mailbox === 'a@b.c' ? ('exchange-online' as const) : ('on-premises' as const);
    };
    expect(told({ client: { version, mailboxLocation }, mailbox: 'a@b.c' })).toEqual([]);
    expect(told({ client: { version, mailboxLocation } })).toHaveLength(1);
    expect(asked).toEqual(['a@b.c', '']);
    expect(() => told({ client: { version, mailboxLocation: () => 'cloud' } })).toThrow(
      'evaluateGate(): client.mailboxLocation is "cloud"; expected "on-premises" or "exchange-online".',
    );
  });

  it.each([
    [
      { client: { version: 5, mailboxLocation: 'on-premises' } },
      /evaluateGate\(\): client\.version is the number 5; expected a four-part build or a SIP User-Agent\.$/,
    ],
    [{ mailbox: 5 }, /mailbox is the number 5; expected an SMTP address\.$/],
    [{ domainsNotFederated: 'x' }, /expected an array of domains\.$/],
    [{ domainsNotFederated: [5] }, /expected a domain\.$/],
    [{ policy: { serverVersion: 'x' } }, /^policy: serverVersion is "x"; expected four numbers such as 6\.0\.9319\.259\.$/],
  ])('explains an invalid option: %j', (input, text) => {
    expect(() => told(input)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(text) }));
  });

  it('refuses a server version that is too long', () => {
    expect(resolvePolicy({ serverVersion: `6.0.9319.259${' '.repeat(988)}` }).enableOfflineIm).toBe(true);
    expect(() => resolvePolicy({ serverVersion: `6.0.9319.259${' '.repeat(989)}` })).toThrow(/serverVersion/);
  });
});

describe('a caller in plain JavaScript', () => {
  it.each<[call: () => unknown, text: string]>([
    [
      () => compareClientVersions(parseClientVersion('1.2.3.4'), '1.2.3.4' as never),
      'compareClientVersions(): b is "1.2.3.4"; expected what parseClientVersion() returns.',
    ],
    [
      () => compareClientVersions({ major: 16, minor: 0, build: 1 } as never, parseClientVersion('1.2.3.4')),
      'compareClientVersions(): a is an object; expected what parseClientVersion() returns.',
    ],
    [() => new GateRefusedError('no' as never), 'GateRefusedError: reasons is "no"; expected an array of reasons.'],
    [() => new GateRefusedError([{}] as never), 'GateRefusedError: reasons is an array; expected an array of reasons.'],
    [
      () => policyOfCsImConfiguration('Global' as never),
      'policyOfCsImConfiguration(): configurations is "Global"; expected what parseCsImConfiguration() returns.',
    ],
    [
      () => policyOfCsImConfiguration([{}] as never),
      'policyOfCsImConfiguration(): configurations is an array; expected what parseCsImConfiguration() returns.',
    ],
    [
      () => policyOfCsImConfiguration([], 'Oslo' as never),
      'policyOfCsImConfiguration(): scope is "Oslo"; expected { site } or nothing.',
    ],
    [
      () => policyOfCsClientPolicy('Global' as never),
      'policyOfCsClientPolicy(): policies is "Global"; expected what parseCsClientPolicy() returns.',
    ],
    [
      () => policyOfCsClientPolicy([], 'Oslo' as never),
      'policyOfCsClientPolicy(): scope is "Oslo"; expected { tag, site } or nothing.',
    ],
  ])('is told what is wrong: %s', (call, text) => {
    expect(call).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: text }));
  });

  it('is told that the mailbox location threw', () => {
    const cause = new Error('no directory');
    const mailboxLocation = (): never => {
      throw cause;
    };
    expect(() => told({ client: { ...client, mailboxLocation } })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: 'evaluateGate(): client.mailboxLocation threw.',
        details: { option: 'client.mailboxLocation' },
        cause,
      }),
    );
  });
});

describe('a client version', () => {
  const version = (text: string): string | undefined => {
    const found = readShownVersion(text);
    return found === undefined ? undefined : formatClientVersion(found);
  };

  it.each([
    ['16.0.6920.1000', '16.0.6920.1000'],
    ['\u200b16.0.6920.1000 ', '16.0.6920.1000'],
    ['Skype 16.0.1.2', '16.0.1.2'],
    ['ab 16.0.1.2', undefined],
    ['Version 2002 (Build 12527.20194 Click-to-Run)', '16.0.12527.20194'],
    ['Version\u00a02002\u00a0\u00a0(Build\u00a012527.20194)', '16.0.12527.20194'],
    ['Version 2002, Current Channel (Build 12527.20194)', '16.0.12527.20194'],
    ['Version 200 (Build 12527.20194)', undefined],
    ['16, 10, 6920, 1000', '16.10.6920.1000'],
    ['Skype 16, 0, 6920, 1000', undefined],
    ['16, 0, 6920, 1000 Skype', undefined],
    ['\u00ab"16.0.1.2".\u00bb', '16.0.1.2'],
    ['Major Minor Build Revision\n----- ----- ----- --------\n16 10 6920 1000', '16.10.6920.1000'],
    ['Major Minor Build Revision\n----- ----- ----- --------\n16 0 6920 1000-beta', undefined],
    ['Version 2002 (Build 12527.20194.1)', undefined],
    ['Version 2002 (Build 12527.20194-x)', undefined],
    ['Microsoft® Skype MSO (16.0.1.2) 15.0.3.4', '15.0.3.4'],
    ['Microsoft® Skype MSO (16.0.1.2)', '16.0.1.2'],
    ['MSO is what all of this had been: 16.0.1.2 and 16.0.3.4', undefined],
    ['Skype 16.0.1.2 or 16.0.3.4', undefined],
    ['Skype 16.0.1.2 or 16.0.1.2', '16.0.1.2'],
    ['Skype', undefined],
    ['', undefined],
  ])('%j: %s', (text, expected) => expect(version(text)).toBe(expected));

  it('is read from the surrounding text, up to 1000 characters', () => {
    expect(parseClientVersion(`  16.0.1.2${' '.repeat(990)}`)).toEqual({ major: 16, minor: 0, build: 1, revision: 2 });
    expect(() => parseClientVersion(`16.0.1.2${' '.repeat(993)}`)).toThrow(
      expect.objectContaining({ code: 'CLIENT_VERSION_UNREADABLE' }),
    );
    expect(() => parseClientVersion('x')).toThrow(
      /^"x" is not a client version\. Expected four numbers \(16\.0\.6920\.1000\), .+ About box\.$/,
    );
    expect(parseClientVersion('UCCAPI/16.0.1.2(x)OC/16.0.3.4').revision).toBe(4);
  });

  it('is compared part by part', () => {
    const order = ['1.9.9.9', '2.0.9.9', '2.1.0.9', '2.1.1.0', '2.1.1.1'].map(parseClientVersion);
    for (const [at, older] of order.entries()) {
      expect(compareClientVersions(older, { ...older })).toBe(0);
      for (const newer of order.slice(at + 1))
        expect([compareClientVersions(older, newer) < 0, compareClientVersions(newer, older) > 0]).toEqual([true, true]);
    }
  });
});

const fail = (found: string): OfflineImError => new OfflineImError('CMDLET_OUTPUT_UNREADABLE', `${found}.`);
const json = (text: string) => readJson(text, new Set(['identity', 'x']), fail).map((block) => Object.fromEntries(block));

describe('JSON', () => {
  it('may hold objects, lists of them, several documents, and nested objects', () => {
    expect(json('{"Identity":"a"}')).toEqual([{ identity: 'a' }]);
    expect(json('[{"X":1},{"x":2}]')).toEqual([{ x: 1 }, { x: 2 }]);
    expect(json('{"x":1}\nPS>\n[{"x":2}] ] }')).toEqual([{ x: 1 }, { x: 2 }]);
    expect(json('{"a":{"b":[{"x":1}]},"c":{"identity":2}}')).toEqual([{ x: 1 }, { identity: 2 }]);
    expect(json('{"x":1} ] } {"x":2}')).toEqual([{ x: 1 }, { x: 2 }]);
    expect(json('{"x":"[ \\" {"}')).toEqual([{ x: '[ " {' }]);
    expect(json('{"a":null,"b":5,"c":"d"}')).toEqual([]);
  });

  it('may have values with properties of their own', () => {
    expect(json('{"x":{"Value":true,"y":1}}')).toEqual([{ x: true }]);
    expect(json('{"x":{"value":"s"}}')).toEqual([{ x: 's' }]);
    expect(json('{"x":{"value":5}}')).toEqual([{ x: { value: 5 } }]);
    expect(json('{"x":{"y":true}}')).toEqual([{ x: { y: true } }]);
    expect(json('{"x":null,"identity":[1]}')).toEqual([{ x: null, identity: [1] }]);
  });

  it('may have objects flattened into strings', () => {
    expect(json('{"a":"@{x=1; Identity=b}"}')).toEqual([{ x: '1', identity: 'b' }]);
    expect(json('["@{x=1}"]')).toEqual([{ x: '1' }]);
  });

  it('has each name once per object: in an inner object, or as a value, it does not count again', () => {
    expect(json('{"y":{"b":1},"b":2,"x":"x"}')).toEqual([{ y: { b: 1 }, b: 2, x: 'x' }]);
    expect(() => json('{"y":{"b":1},"y":2}')).toThrow('An object of the JSON has "y" twice.');
  });

  it('may have lines broken by a console, even inside strings', () => {
    expect(json('{"x":"ab\n   c"}')).toEqual([{ x: 'abc' }]);
    expect(json('{"y":"\\"","x":"a\n b"}')).toEqual([{ y: '"', x: 'ab' }]);
  });

  it('is refused if it is incomplete, or holds no objects', () => {
    for (const text of ['{"x":1', '{"x":1} [', 'x', '{]}'])
      expect(() => json(text)).toThrow('The output starts like JSON, but is not valid JSON.');
    for (const text of ['[1]', '[null]', '["x"]', '[[1]]'])
      expect(() => json(text)).toThrow(/^The JSON has .+ instead of an object\.$/);
    expect(json('{"a":{"b":[1]}}')).toEqual([]);
    expect(json('[[[1]]]')).toEqual([]);
  });

  it('is read to a depth of 100', () => {
    const nested = (depth: number) => `${'{"a":'.repeat(depth)}{"x":1}${'}'.repeat(depth)}`;
    expect(json(nested(100))).toEqual([{ x: 1 }]);
    expect(json(nested(101))).toEqual([]);
    expect(json(`${'['.repeat(100)}{"x":1}${']'.repeat(100)}`)).toEqual([{ x: 1 }]);
    expect(json(`${'['.repeat(101)}{"x":1}${']'.repeat(101)}`)).toEqual([]);
  });
});

describe('an object that PowerShell flattened into a string', () => {
  it.each<[string, object | undefined]>([
    [' @{Identity=Global; X=a;b; Y=}\n', { identity: 'Global', x: 'a;b', y: '' }],
    ['@{X=a=b;  Y= c }', { x: 'a=b', y: 'c' }],
    ['@{X=1;}', { x: '1' }],
    ['@{}', {}],
    ['@{junk; X=1}', { x: '1' }],
    ['@{junk a=2; X=1}', { x: '1' }],
    ['x@{X=1}', undefined],
    ['@{X=1}x', undefined],
    ['{X=1}', undefined],
  ])('%j', (text, expected) => {
    const block = flattened(text, fail);
    expect(block === undefined ? undefined : Object.fromEntries(block)).toEqual(expected);
  });

  it('has each name once', () => {
    expect(() => flattened('@{X=1; x=2}', fail)).toThrow('An object has "x" twice: "X=1; x=2".');
  });

  it('must be a string', () => expect(flattened(['@{X=1}'], fail)).toBeUndefined());
});

it('names are compared case-insensitively, including a Turkish i', () => {
  expect([' Identity ', 'IDENTITY', '\u0130dent\u0131ty'].map(nameKey)).toEqual(['identity', 'identity', 'identity']);
});

describe('a list', () => {
  const list = (...lines: string[]) =>
    readListOutput(lines.join('\n'), new Set(['identity', 'x']), fail).map((block) => Object.fromEntries(block));

  it('keeps whitespace inside a value', () => {
    expect(list('Identity : Site:R - D: a')).toEqual([{ identity: 'Site:R - D: a' }]);
    expect(list('Identity :   Global  ')).toEqual([{ identity: 'Global' }]);
    expect(list('- Identity: Global', '  X: 1')).toEqual([{ identity: 'Global', x: '1' }]);
  });

  it('may have values that continue on the next line, also if they start there or are indented less', () => {
    expect(list('Identity        : Site:Redmond', '  North', 'X : 1')).toEqual([{ identity: 'Site:Redmond North', x: '1' }]);
    expect(list('Text :', '       a', 'Identity : Global')).toEqual([{ text: 'a', identity: 'Global' }]);
  });

  it('ends before text that follows an empty line, even indented', () => {
    expect(list('Identity : Global', '', 'So much for today.', '  Regards', 'X : 1')).toEqual([{ identity: 'Global', x: '1' }]);
  });

  it('is empty if it holds only shell output', () => expect(list('PS C:\\> Get-Y', 'WARNING: none')).toEqual([]));
});

describe('a listing', () => {
  const read = (...lines: string[]) => parseCsImConfiguration(lines.join('\n'));
  const refused = (...lines: string[]): OfflineImError => {
    try {
      read(...lines);
    } catch (error) {
      return error as OfflineImError;
    }
    throw new Error('it was read');
  };
  const global = ['Identity        : Global', 'EnableOfflineIm : True'];

  it('is refused with what was found and what was expected', () => {
    const error = refused('Identity : Global', 'Xyz : 1');
    expect(error).toMatchObject({
      code: 'CMDLET_OUTPUT_UNREADABLE',
      message:
        'The output has no EnableOfflineIm; it has "identity, xyz". Expected the output of Get-CsImConfiguration as a list (Get-CsImConfiguration | Format-List), a table or JSON (Get-CsImConfiguration | ConvertTo-Json), with Identity and EnableOfflineIm.',
      details: { cmdlet: 'Get-CsImConfiguration', setting: 'EnableOfflineIm' },
    });
    expect(refused('x'.repeat(10_000_001)).message).toMatch(/^The output has more than 10000000 characters\./);
    expect(refused(...global, '  get-csimconfiguration : Access denied. ').message).toMatch(
      /^A line of the output is "get-csimconfiguration : Access denied\.", not "Name : Value"\./,
    );
    expect(refused('Identity : Global', 'EnableOfflineIm : yes').message).toMatch(
      /^EnableOfflineIm of "Global" is "yes", neither True nor False\./,
    );
    for (const value of ['xTrue', 'Truex', '$$True'])
      expect(refused('Identity : Global', `EnableOfflineIm : ${value}`).message).toContain('neither');
    expect(refused(...global, 'half a value', 'X : 1').message).toMatch(/^A line of the output is "half a value"/);
    expect(refused('just words').message).toMatch(/^A line of the output is "just words"/);
  });

  it('may have values wrapped in their column, text before and after it, and objects by their Identity', () => {
    expect(read('Some words', '', ...global)).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
    expect(read(...global, '', 'Some words')).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
    expect(read('Identity        : Tag:A', '                  B', 'EnableOfflineIm : $true')).toEqual([
      { identity: 'Tag:A B', enableOfflineIm: true },
    ]);
    expect(read('Identity : A', '', 'EnableOfflineIm : True', '', 'Identity : B', '', 'EnableOfflineIm :')).toEqual([
      { identity: 'A', enableOfflineIm: true },
      { identity: 'B' },
    ]);
    expect(read('X : 1', '', 'Identity : A', 'EnableOfflineIm : True')).toEqual([{ identity: 'A', enableOfflineIm: true }]);
    expect(read('Text : a', '       EnableOfflineIm : False', ...global)).toEqual([
      { identity: 'Global', enableOfflineIm: true },
    ]);
    expect(read('WARNING: this is long', 'and goes on', ...global)).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
    expect(read(...global, 'WARNING: this is long', '  and goes on')).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
    expect(read('IDENTITY : Global', 'ENABLEOFFLINEIM : TRUE')).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
  });

  it('does not give the setting of an unnamed object to the one below', () => {
    expect(refused('EnableOfflineIm : True', '', 'Identity : Site:A').message).toMatch(/^An object has no Identity\./);
  });

  it('is a list if a line has the setting, whatever other values hold', () => {
    const entries = ['Entries         : ', '                  {"a"'];
    expect(read(...global, ...entries)).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
  });

  it('is JSON if a line merely mentions the setting, has a quotation mark, or a prompt with brackets is in between', () => {
    const one = '{ "Identity": "Global", "EnableOfflineIm": true }';
    const all = [{ identity: 'Global', enableOfflineIm: true }];
    for (const above of ['EnableOfflineIm as JSON:', 'They said "this:']) expect(read(above, one)).toEqual(all);
    const prompt = '  [lync01]: PS C:\\> Get-CsImConfiguration -Identity Site:A | ConvertTo-Json';
    expect(read(one, prompt, '{"Identity":"Site:A","EnableOfflineIm":false}')).toEqual([
      ...all,
      { identity: 'Site:A', enableOfflineIm: false },
    ]);
  });

  it('is comma-separated if one value is JSON', () => {
    expect(read('Identity,EnableOfflineIm,Element', 'Global,True,[]')).toEqual([{ identity: 'Global', enableOfflineIm: true }]);
  });

  it('keeps punctuation in names, without surrounding quotes', () => {
    for (const identity of ['Site:A', 'Site:"A"', '"A" B', 'Site:A...B', 'Site:A.', 'Site:A True North'])
      expect(read(`Identity : ${identity}`, 'EnableOfflineIm : True')).toEqual([{ identity, enableOfflineIm: true }]);
    expect(read("Identity : 'Site:A'", 'EnableOfflineIm : True')).toEqual([{ identity: 'Site:A', enableOfflineIm: true }]);
    expect(read('Identity : Site:A\tB', 'EnableOfflineIm : True')).toEqual([{ identity: 'Site:A B', enableOfflineIm: true }]);
  });

  it.each(['Site:A True', 'Site:A false', '>-', '|', 'Site:A...', 'Site:A\u2026'])('has no name like this: %s', (identity) => {
    expect(refused(`Identity : ${identity}`, 'EnableOfflineIm : True').message).toContain(`An Identity is "${identity}"`);
  });

  it('in several forms has all scopes in one of them, except those of another cmdlet', () => {
    const json = '{"Identity":"Global","EnableOfflineIm":true,"Description":"Identity = Site:Paris"}';
    const all = [{ identity: 'Global', enableOfflineIm: true }];
    expect(read(json)).toEqual(all);
    expect(read(json, '', 'Identity              : Tag:Sales', 'EnableIMAutoArchiving : False')).toEqual(all);
    expect(refused(json, '', 'Identity EnableOfflineIm', '-------- ---------------', 'Site:A').message).toMatch(
      /^The scope "site:a" is in the output, but in an unexpected place\./,
    );
    expect(refused('Identity : Site:B', 'EnableOfflineIm :', '', ...global, '', 'EnableOfflineIm=False').message).toMatch(
      /^The output has EnableOfflineIm false in an unexpected place, or twice\./,
    );
  });

  it('may be JSON or flattened objects among prompts', () => {
    expect(read('PS C:\\> x', '  [', '{"Identity":"A","EnableOfflineIm":true}', ']', 'PS C:\\>')).toEqual([
      { identity: 'A', enableOfflineIm: true },
    ]);
    expect(read('[{"Identity":"A","EnableOfflineIm":true}]')).toHaveLength(1);
    expect(read('@{Identity=A; EnableOfflineIm=True}', '@{Identity=B; EnableOfflineIm=}')).toEqual([
      { identity: 'A', enableOfflineIm: true },
      { identity: 'B' },
    ]);
    for (const text of ['[', '[]', '[ null]', '[-1]', '[true]']) expect(refused(text).message).not.toContain('Name : Value');
  });
});
