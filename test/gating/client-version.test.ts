import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../../src/core/errors/offline-im-error.ts';
import { compareClientVersions, formatClientVersion, parseClientVersion } from '../../src/gating/client-version.ts';

const part = fc.integer({ min: 0, max: 999_999_999 });
const parts = fc.tuple(part, part, part, part);

describe('parseClientVersion', () => {
  const readings: readonly [string, string][] = [
    ['16.0.6920.1000', '16.0.6920.1000'],
    [' 16.0.06920.1000\n', '16.0.6920.1000'],
    ['UCCAPI/16.0.6965.5308 OC/16.0.6965.2117', '16.0.6965.2117'],
    ['UCCAPI/16.0.7967.5277 OC/16.0.7967.2139 (Skype for Business)', '16.0.7967.2139'],
    ['UCCAPI/16.0.12527.20122 OC/16.0.12527.20194 (Skype for Business)', '16.0.12527.20194'],
    ['UCCAPI/16.0.6001.1073 OC/16.0.6001.1073 (Skype for Business)', '16.0.6001.1073'],
    ['UCCAPI/16.0.4417.1000 OC/16.0.4417.1000 (Skype for Business)', '16.0.4417.1000'],
    ['UCCAPI/15.0.4971.1000 OC/15.0.4971.1000 (Skype for Business)', '15.0.4971.1000'],
    ['UCCAPI/15.0.4481.1000 OC/15.0.4481.1000 (Microsoft Lync)', '15.0.4481.1000'],
    ['UCCAPI/4.0.7577.314 OC/4.0.7577.314 (Microsoft Lync 2010)', '4.0.7577.314'],
    ['oc/16.0.6965.2117', '16.0.6965.2117'],
    ['Microsoft® Skype for Business® 2016 MSO (16.0.12527.20194) 32-bit', '16.0.12527.20194'],
    ['Skype for Business 2016 (16.0.6920.1000) MSO (16.0.6965.1234) 64-bit', '16.0.6920.1000'],
    ['Microsoft®\u00a0Lync®\u00a02013 (15.0.4971.1000) 64-bit', '15.0.4971.1000'],
    ['Skype for Business Basic 16.0.6001.1073.', '16.0.6001.1073'],
    ['Version: 16.0.6920.1000', '16.0.6920.1000'],
    ['16.0.6920.1000 (Click-to-Run)', '16.0.6920.1000'],
    ['16.0.6920.1000 (C2R)', '16.0.6920.1000'],
    ['lync.exe\t16.0.6920.1000', '16.0.6920.1000'],
    ['Version 2002 (Build 12527.20194 Click-to-Run)', '16.0.12527.20194'],
    ['Version 2002 (Build 12527.20194 Klick-und-Los), 16.0.12527.20194', '16.0.12527.20194'],
    ['Version 2002 (build 12527.20194 « Démarrer en un clic »)\nCanal semi-annuel', '16.0.12527.20194'],
    ['版本 2002 (内部版本 12527.20194 即点即用)', '16.0.12527.20194'],
    ['\u200e16.0.6920.1000\u200e', '16.0.6920.1000'],
    ['16, 0, 6920, 1000', '16.0.6920.1000'],
    ['16,0,6920,1000', '16.0.6920.1000'],
    ['16.0.6920.1000\0', '16.0.6920.1000'],
    ['\nMajor  Minor  Build  Revision\n-----  -----  -----  --------\n16     0      6920   1000\n', '16.0.6920.1000'],
    ['Major         : 16\nMinor         : 0\nBuild         : 6920\nRevision      : 1000\nMajorRevision : 0', '16.0.6920.1000'],
    ['{"Major":16,"Minor":0,"Build":6920,"Revision":1000}', '16.0.6920.1000'],
    ['{ "Major": 16, "Minor": 0, "Build": 6920, "Revision": 1000, "MajorRevision": 0 }', '16.0.6920.1000'],
  ];
  for (const [value, version] of readings) {
    it(`reads ${version} from ${value.trim()}`, () => expect(formatClientVersion(parseClientVersion(value))).toBe(version));
  }

  const refused: readonly unknown[] = [
    '',
    '16',
    '16.0.6920',
    '16.0.6920.1000.1',
    '16.0.6920.x',
    'v16.0.6920.1000',
    '-1.0.0.0',
    '16.0.9999999999.0',
    'UCCAPI/16.0.6965.5308',
    'XOC/16.0.6965.2117',
    'OC/16.0.6965',
    'Other/1.0 (a OC/16.0.6965.2117 in brackets)',
    'OC/16.0.6965.2117;x',
    'UCCAPI/16.0.6965.5308 OC/16.0.6965.2117\nUCCAPI/16.0.4266.1001 OC/16.0.4266.1001',
    'Version 2002',
    'Major  Minor  Build  Revision\n-----  -----  -----  --------\n16     0      6920   1000\n15     0      4420   1017',
    'Major : 16\nMinor : 0\nBuild : 6920\nRevision : 1000\n\nMajor : 15\nMinor : 0\nBuild : 4420\nRevision : 1017',
    'Skype for Business 16.0.6920.1000, PowerShell Major : 7 Minor : 1 Build : 3 Revision : 0',
    '12527.20194',
    'from 16.0.6920.1000 to 16.0.12527.20194',
    'C:\\Office\\16.0.6920.1000\\lync.exe',
    'Skype for Business 16.0.6920.1000.7',
    'Skype for Business 16.0.6920.1000-beta',
    16,
    undefined,
  ];
  for (const value of refused) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      expect(() => parseClientVersion(value as string)).toThrow(expect.objectContaining({ code: 'CLIENT_VERSION_UNREADABLE' }));
    });
  }

  it('reads back any four numbers, alone or in a User-Agent', () => {
    fc.assert(
      fc.property(parts, (numbers) => {
        const text = numbers.join('.');
        expect(formatClientVersion(parseClientVersion(text))).toBe(text);
        expect(formatClientVersion(parseClientVersion(`UCCAPI/1.2.3.4 OC/${text} (Skype for Business)`))).toBe(text);
      }),
    );
  });

  it('returns a version or throws its own error for any string', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('OC/', '16', '.', ' ', '(', ')', '0', 'x')), (pieces) => {
        try {
          parseClientVersion(pieces.join(''));
        } catch (error) {
          if (!hasCode(error, 'CLIENT_VERSION_UNREADABLE')) throw error;
        }
      }),
    );
  });
});

describe('compareClientVersions', () => {
  it('compares numerically, part by part', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const differing = a.findIndex((value, index) => value !== b[index]);
        const expected = differing < 0 ? 0 : Math.sign((a[differing] ?? 0) - (b[differing] ?? 0));
        const [left, right] = [parseClientVersion(a.join('.')), parseClientVersion(b.join('.'))];
        expect(Math.sign(compareClientVersions(left, right))).toBe(expected);
      }),
    );
    expect(compareClientVersions(parseClientVersion('16.0.12527.1'), parseClientVersion('16.0.6920.1000'))).toBeGreaterThan(0);
  });
});

it.each(['"16.0.6920.1000"', '16.0.6920.1000.', '„16.0.6920.1000“', '16.0.6920.1000 C2R', '16.0.6920.1000 x64'])(
  'a version is read from text in which people quote it: %s',
  (value) => {
    expect(parseClientVersion(value)).toEqual({ major: 16, minor: 0, build: 6920, revision: 1000 });
  },
);
