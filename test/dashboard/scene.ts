import { dashboard } from '../../src/dashboard/dashboard.ts';
import type { DashboardOptions, DashboardUser } from '../../src/dashboard/options.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { aliceSends } from '../support/sender-fixture.ts';

const root = 'http://127.0.0.1:8080';

/** A dashboard over the spool of Alice's sender, and a browser without scripts. */
export async function dashboardScene(options: Partial<DashboardOptions> = {}, user: Partial<DashboardUser> = {}) {
  const scene = aliceSends();
  // Opens the spool.
  await scene.sender.stats();
  const who = { user: 'carol', mayChange: true, mayReadText: true, ...user };
  const handler = dashboard({
    spool: scene.spool as SpoolStorage,
    authorize: () => who,
    clock: scene.clock,
    ...options,
  });
  const base = options.basePath ?? '';
  const get = async (path: string): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> => {
    const response = await handler(new Request(`${root}${base}${path}`));
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const post = (path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    handler(new Request(`${root}${base}${path}`, { method: 'POST', body: new URLSearchParams(fields), headers }));
  /** The fields of the forms on a page. */
  const token = async (): Promise<string> => /name="token" value="([0-9a-f]+)"/.exec((await get('/')).text)?.[1] ?? '';
  const end = async (): Promise<void> => {
    handler.close();
    await scene.sender.stop();
  };
  return { ...scene, handler, get, post, token, end };
}
