import { describe, expect, it } from 'vitest';
import { defaultRoot } from '../../../src/spool/file/file-spool.ts';

const home = () => '/home/alice';

describe('defaultRoot', () => {
  it("is the product's folder on Windows", () => {
    const env = { LOCALAPPDATA: 'C:\\Users\\alice\\AppData\\Local' };
    const expected = 'C:\\Users\\alice\\AppData\\Local\\Microsoft\\Office\\16.0\\Lync';
    expect(defaultRoot({ platform: 'win32', env, home })).toBe(expected);
    expect(defaultRoot({ platform: 'win32', env: {}, home: () => 'C:\\Users\\alice' })).toBe(expected);
  });

  it('is the XDG state folder elsewhere', () => {
    expect(defaultRoot({ platform: 'linux', env: { XDG_STATE_HOME: '/state' }, home })).toBe('/state/offline-im');
    expect(defaultRoot({ platform: 'linux', env: {}, home })).toBe('/home/alice/.local/state/offline-im');
  });

  it('ignores an XDG state folder that is relative or empty, as the specification asks', () => {
    for (const XDG_STATE_HOME of ['state', '']) {
      expect(defaultRoot({ platform: 'linux', env: { XDG_STATE_HOME }, home })).toBe('/home/alice/.local/state/offline-im');
    }
  });
});
