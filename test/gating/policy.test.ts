import { describe, expect, it } from 'vitest';
import { type Policy, resolvePolicy } from '../../src/gating/gate.ts';

describe('resolvePolicy', () => {
  it('enables everything by default', () => {
    expect(resolvePolicy()).toEqual({ enableOfflineIm: true, enableImAutoArchiving: true });
    expect(resolvePolicy({ enableOfflineIm: undefined })).toEqual({ enableOfflineIm: true, enableImAutoArchiving: true });
  });

  const versions: readonly [string, boolean][] = [
    ['5.0.8308.0', false],
    ['6.0.9319.0', false],
    ['6.0.9319.258', false],
    ['6.0.9319.259', true],
    ['6.0.9319.1000', true],
    ['7.0.2046.0', true],
  ];
  for (const [serverVersion, enableOfflineIm] of versions) {
    it(`has Offline IM ${enableOfflineIm ? 'on' : 'off'} by default on server ${serverVersion}`, () => {
      expect(resolvePolicy({ serverVersion })).toMatchObject({ enableOfflineIm, decidedByServerVersion: serverVersion });
    });
  }

  it('prefers explicit settings to the server version', () => {
    expect(resolvePolicy({ enableOfflineIm: true, serverVersion: '6.0.9319.0' }).enableOfflineIm).toBe(true);
    expect(resolvePolicy({ enableOfflineIm: false, serverVersion: '7.0.2046.0' }).enableOfflineIm).toBe(false);
  });

  it('keeps disabled archiving disabled', () => {
    expect(resolvePolicy({ enableImAutoArchiving: false }).enableImAutoArchiving).toBe(false);
  });

  const wrong: readonly unknown[] = [
    null,
    'enabled',
    { enableOfflineIm: 'False' },
    { enableImAutoArchiving: 0 },
    { enableOfflineIm: null },
    { serverVersion: '2015' },
    { serverVersion: 6 },
    { enableOfflineIm: true, serverVersion: 'x' },
  ];
  for (const policy of wrong) {
    it(`refuses ${JSON.stringify(policy)}`, () => {
      expect(() => resolvePolicy(policy as Policy)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    });
  }
});
