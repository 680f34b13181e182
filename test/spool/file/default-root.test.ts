import { describe, expect, it } from 'vitest';
import { defaultRoot, type Surroundings } from '../../../src/spool/file/file-spool.ts';

const home = () => '/home/alice';

describe('defaultRoot', () => {
  it('is the folder of the product on Windows', () => {
    const env = { LOCALAPPDATA: 'C:\\Users\\alice\\AppData\\Local' };
    const expected = 'C:\\Users\\alice\\AppData\\Local\\Microsoft\\Office\\16.0\\Lync';
    expect(defaultRoot({ platform: 'win32', env, home })).toBe(expected);
    expect(defaultRoot({ platform: 'win32', env: {}, home: () => 'C:\\Users\\alice' })).toBe(expected);
  });

  it('is the XDG state folder elsewhere', () => {
    expect(defaultRoot({ platform: 'linux', env: { XDG_STATE_HOME: '/state' }, home })).toBe('/state/offline-im');
    expect(defaultRoot({ platform: 'linux', env: {}, home })).toBe('/home/alice/.local/state/offline-im');
  });

  it('ignores a relative or empty XDG state folder, as specified', () => {
    for (const XDG_STATE_HOME of ['state', '']) {
      expect(defaultRoot({ platform: 'linux', env: { XDG_STATE_HOME }, home })).toBe('/home/alice/.local/state/offline-im');
    }
  });

  const linux = { platform: 'linux', env: {} };
  const windows = { platform: 'win32', env: { LOCALAPPDATA: 'AppData' } };
  it.each<[string, Omit<Surroundings, 'home'>, Surroundings['home'], string]>([
    ['no home directory, as in a container', linux, thrown, 'has no home directory'],
    ['an empty one', linux, () => '', 'the home directory is ""'],
    ['a relative one', windows, () => 'alice', 'the home directory is "alice"'],
  ])(
    'requires a root if there is %s: below the current folder, each start elsewhere would use another spool',
    (_what, where, directory, said) => {
      const refused = {
        name: 'OfflineImError',
        code: 'OPTION_INVALID',
        details: { option: 'root' },
        message: expect.stringContaining(said),
      };
      expect(() => defaultRoot({ ...where, home: directory })).toThrow(expect.objectContaining(refused));
    },
  );
});

function thrown(): never {
  throw Object.assign(new Error('uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
}
