import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What {@link defaultRoot} looks at; a parameter so that every platform can be tested on one. */
export interface Surroundings {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  home(): string;
}

const here: Surroundings = { platform: process.platform, env: {}, home: homedir };

/** Where the product keeps its own: `%localappdata%\Microsoft\Office\16.0\Lync`; elsewhere the XDG state folder. */
export function defaultRoot({ platform, env, home }: Surroundings = { ...here, env: process.env }): string {
  if (platform === 'win32') {
    const local = env.LOCALAPPDATA || win32.join(home(), 'AppData', 'Local');
    return win32.join(local, 'Microsoft', 'Office', '16.0', 'Lync');
  }
  const state = env.XDG_STATE_HOME;
  // The XDG specification: a relative path is invalid and is ignored.
  const base = state !== undefined && posix.isAbsolute(state) ? state : posix.join(home(), '.local', 'state');
  return posix.join(base, 'offline-im');
}
